"""CrackSeg9k's versions made up with all their traps, from files to subsets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.config.schema import DataConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.leakage import SubsetOverlap
from tests.helpers.data_sets import draw_pair

# Four crops of each of some photographs, and names that tell none.
PHOTOGRAPHS = [
    *(f"CRACK500_20160307_16440{one}_1281_{crop}" for one in range(9) for crop in range(4)),
    *(f"Volker_DSC0169{one}_316_1370_932_{crop}" for one in range(5) for crop in range(4)),
    *(f"a_{one}_{crop}" for one in range(5) for crop in range(4)),
    *(f"cracktree200_{number}" for number in range(12)),
    *(f"CRACK500_{number:05d}" for number in range(12)),
]
CRACK_FREE = [f"noncrack_noncrack_concrete_wall_{one}_{crop}" for one in range(3) for crop in "01"]


@pytest.fixture(scope="module")
def version_4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two volumes, one of them nested twice as some unzip tools do, and what is wrong in them."""
    root = tmp_path_factory.mktemp("version_4")
    first = root / "Final-Dataset-Vol1" / "Final-Dataset-Vol1"
    masks = first / "Final_Masks" / "Masks"
    heads = first / "Final_Masks" / "Heads"
    volumes = [first / "Images", root / "Final-Dataset-Vol2" / "Images-2"]
    for folder in (masks, heads, *volumes):
        folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number, stem in enumerate([*PHOTOGRAPHS, *CRACK_FREE]):
        image, mask = draw_pair(number)
        # Stains tell one wall from another.
        stains = generator.integers(0, 100, (16, 16), np.uint8).repeat(4, 0).repeat(4, 1)
        image -= np.minimum(stains[..., None], image)
        if stem in CRACK_FREE:
            mask = np.zeros_like(mask)
        if stem.startswith("cracktree200"):
            # A pixel wide and grey: it does not live through a cut at 127.
            mask = np.zeros_like(mask)
            mask[:, 7] = 90
        Image.fromarray(image).save(volumes[number % 2] / f"{stem}.png")
        Image.fromarray(mask).save(masks / f"{stem}.png")
        Image.fromarray(np.full((48, 48), 255, np.uint8)).save(heads / f"{stem}.png")
    alone, _ = draw_pair(500)
    Image.fromarray(alone).save(volumes[0] / "DeepCrack_11111.png")
    Image.fromarray(np.full((48, 48), 255, np.uint8)).save(heads / "DeepCrack_11111.png")
    Image.fromarray(alone[..., 0]).save(masks / "CFD_001.png")
    for stem in ("Ceramic_001", "Ceramic_002"):
        Image.fromarray(alone).save(volumes[1] / f"{stem}.png")
        Image.fromarray(alone[..., 0]).save(masks / f"{stem}.png")
    (volumes[1] / "Ceramic_001.png").write_bytes(b"no image")
    whole = (masks / "Ceramic_002.png").read_bytes()
    (masks / "Ceramic_002.png").write_bytes(whole[: len(whole) // 2])
    lists = {"train": PHOTOGRAPHS[:80], "test": [*PHOTOGRAPHS[80:], *CRACK_FREE]}
    for name, stems in lists.items():
        text = "".join(f"{stem}.png\r\n" for stem in stems)
        (first / "Final_Masks" / f"{name}.txt").write_text(text)
    return root


def assembled(root: Path, data_config: DataConfig, **settings: object) -> CrackDataModule:
    named = replace(data_config, name="crackseg9k", root=str(root))
    datamodule = CrackDataModule(replace(named, **settings))
    datamodule.setup()
    return datamodule


def test_what_is_wrong_is_left_out_and_named(
    version_4: Path, data_config: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    datamodule = assembled(version_4, data_config)
    rows = datamodule.manifest.rows
    assert {row.stem for row in rows} == {*PHOTOGRAPHS, *CRACK_FREE}
    assert not any("Heads" in row.mask for row in rows)
    for said in (
        "1 images without a mask, left out: Final-Dataset-Vol1/Final-Dataset-Vol1/Images/DeepCrack",
        "1 masks without an image, left out: ",
        "2 unreadable files, left out with their pairs: ",
        "masks of cracktree200: values 0 and 90; 90 is crack",
    ):
        assert said in log.text
    # A saliency map would be crack all over.
    assert datamodule.class_weights[1] > 3


def test_a_lower_cut_keeps_the_thin_cracks(
    version_4: Path, data_config: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    assembled(version_4, data_config, mask_threshold=40, image_size=64)
    assert "emptied" not in log.text


def test_a_random_division_leaks_and_says_so(version_4: Path, data_config: DataConfig) -> None:
    leaks = assembled(version_4, data_config).content.leaks
    assert leaks.val.shared + leaks.test.shared > 5
    assert leaks.summary().startswith("LEAK: ")


def test_a_division_by_photographs_does_not(version_4: Path, data_config: DataConfig) -> None:
    datamodule = assembled(version_4, data_config, split="grouped", blocks={"CRACK500": [4, 1]})
    counts, leaks = datamodule.manifest.counts, datamodule.content.leaks
    assert leaks.val == SubsetOverlap(counts["val"], 0, 0)
    assert leaks.test == SubsetOverlap(counts["test"], 0, 0)
    assert counts["val"] == pytest.approx(10, abs=3)
    assert counts["test"] == pytest.approx(10, abs=3)


def test_numbers_that_no_rule_cuts_are_unknown(version_4: Path, data_config: DataConfig) -> None:
    leaks = assembled(version_4, data_config, split="grouped").content.leaks
    assert leaks.val.shared == leaks.test.shared == 0
    assert leaks.val.unknown + leaks.test.unknown > 0
    assert leaks.summary().startswith("UNKNOWN: ")


def test_the_authors_division_is_taken(version_4: Path, data_config: DataConfig) -> None:
    datamodule = assembled(version_4, data_config, split="official")
    stems = {row.stem for row in datamodule.manifest.subset("test")}
    assert stems == {*PHOTOGRAPHS[80:], *CRACK_FREE}
    assert datamodule.manifest.counts["val"] > 0


def test_sources_are_left_out_by_name(version_4: Path, data_config: DataConfig) -> None:
    datamodule = assembled(version_4, data_config, without_sources=["crack500", "masonry"])
    sources = {row.source for row in datamodule.manifest.rows}
    assert sources == {"Volker", "cracktree200", "noncrack"}


@pytest.mark.slow
def test_version_3_is_divided_as_in_the_report(tmp_path: Path, data_config: DataConfig) -> None:
    """6,315 pairs of a few pixels, 437 further masks and an image without one."""
    images, masks = tmp_path / "v3" / "Images", tmp_path / "v3" / "Masks"
    images.mkdir(parents=True)
    masks.mkdir()
    generator = np.random.default_rng(0)
    for number in range(6315 + 437):
        Image.fromarray(generator.integers(0, 256, (8, 8), np.uint8)).save(
            masks / f"CFD_{number:04d}.png", compress_level=1
        )
        if number < 6316:
            stem = "CFD_alone" if number == 6315 else f"CFD_{number:04d}"
            # Plain, so that none looks like another one's copy.
            pixels = np.full((8, 8, 3), number % 256, np.uint8)
            Image.fromarray(pixels).save(images / f"{stem}.png", compress_level=1)
    datamodule = assembled(tmp_path / "v3", data_config, image_size=8)
    assert datamodule.manifest.counts == {"train": 5052, "val": 631, "test": 632}
    grouped = assembled(tmp_path / "v3", data_config, image_size=8, split="grouped")
    assert grouped.manifest.counts == {"train": 5052, "val": 631, "test": 632}
