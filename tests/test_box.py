"""The box: made again from photographs, with figures that no hand has typed."""

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from box import build as building
from box import generalise as generalising
from box import pages, pictures
from box.__main__ import main
from box.alarms import Alarms, alarms_by_source
from box.figures import judged_set, place
from box.generalise import alarm_table, foretelling, usual_iou
from box.origins import origins, scene
from box.pages import card_of, fill
from box.recipes import (
    CCIC,
    CORPUS,
    CRACK500,
    DEEPCRACK,
    FAMILIES,
    NONCRACK,
    RECIPES,
    UAV,
    Family,
    Recipe,
)
from crackseg.config import parsing
from crackseg.data.splits.manifest import Row
from crackseg.errors import CrackSegError, DatasetNotFoundError
from crackseg.inference.model_file import ModelInfo, read_model, write_model
from crackseg.inference.predictor import Predictor
from crackseg.parameters.judged_set import JudgedSet
from crackseg.weights.registry import BUNDLED, bundled
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import IMAGES
from tests.helpers.evaluations import NAMES, write_judgement
from tests.helpers.settings import composed

README = pages.ROOT / "README.md"


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    names = [*NAMES, "images/noncrack_001.png"]
    write_judgement(tmp_path / "judged", names, blur=1.0)
    return tmp_path / "judged" / "metrics.json"


@pytest.fixture
def licensed(exported: Path, tmp_path: Path) -> Path:
    path = tmp_path / "licensed.onnx"
    info = replace(read_model(exported).info, licence=bundled("open").licence)
    write_model(onnx.load(exported), info, path)
    return path


@pytest.fixture
def info(exported: Path, metrics: Path) -> ModelInfo:
    judged = judged_set("walls", metrics)
    return replace(read_model(exported).info, judged=(judged,))


def test_figures_of_an_evaluation_are_kept_with_their_protocol(metrics: Path) -> None:
    judged = judged_set("walls", metrics)
    stored = json.loads(metrics.read_text())
    assert judged.total["crack_iou"] == pytest.approx(
        stored["stored"]["totals"]["crack_iou"], abs=1e-5
    )
    assert (judged.total["images"], judged.total["crack_free"]) == (7, 1)
    assert set(judged.sources) == {"CFD", "noncrack"}
    assert "crack_iou" not in judged.sources["noncrack"]
    assert judged.protocol == stored["protocol"]
    unseen = judged_set("walls", metrics, unseen=True)
    assert unseen.protocol[1] == "none of these images was in the training"


def test_what_is_no_evaluation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(CrackSegError, match=r"metrics\.json: not what evaluate\.py writes"):
        judged_set("walls", tmp_path / "metrics.json")


def test_a_network_is_placed_with_its_figures(
    filled_box: Path, licensed: Path, metrics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unseen = ["--unseen", f"dams={metrics}"]
    assert main(["place", "open", str(licensed), f"walls={metrics}", *unseen]) == 0
    assert capsys.readouterr().out == f"{filled_box / 'open.onnx'}\n"
    placed = read_model(bundled("open").path)
    seen, never_seen = placed.info.judged
    assert (seen.title, never_seen.title) == ("walls", "dams")
    assert "none of these images was in the training" in never_seen.protocol
    assert "none of these images was in the training" not in seen.protocol
    assert placed.info.licence == bundled("open").licence
    # Placed again without figures, it keeps those that it has.
    place("open", bundled("open").path, [])
    assert len(read_model(bundled("open").path).info.judged) == 2
    assert main(["place", "open", str(licensed), str(metrics)]) == 2
    assert f"{metrics}: write an evaluation as 'TITLE=FOLDER/" in capsys.readouterr().err


def test_a_network_of_another_licence_or_too_large_is_not_placed(
    filled_box: Path, licensed: Path, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CrackSegError, match=r"its licence is 'not stated; .*export it with --lic"):
        place("open", exported, [])
    monkeypatch.setattr("box.figures.MOST_BYTES", 1000)
    with pytest.raises(CrackSegError, match=r"MB, more than 0\.001; export it with --int8 or --fl"):
        place("open", licensed, [])


@pytest.mark.parametrize("kind", sorted(pages._TABLES))
def test_tables_hold_the_files_figures_and_are_made_again(info: ModelInfo, kind: str) -> None:
    page = f"before\n<!-- box {kind} open -->\nFORMER\n<!-- end of box -->\nafter\n"
    filled = fill(page, {"open": info})
    assert "FORMER" not in filled
    assert (filled.startswith("before\n"), filled.endswith("-->\nafter\n")) == (True, True)
    assert fill(filled, {"open": info}) == filled
    if kind in ("totals", "thresholds"):
        assert f"{info.judged[0].total['crack_iou']:.3f}".removeprefix("0") in filled
    assert fill(page, {}) == page


def test_a_table_that_cannot_be_is_refused(info: ModelInfo) -> None:
    for marker in ("<!-- box totals opn -->", "<!-- box total open -->"):
        with pytest.raises(CrackSegError, match=f"{marker}: there is no such table or network"):
            fill(f"{marker}\n<!-- end of box -->", {"open": info})


def test_pages_and_cards_are_written_from_the_files(
    filled_box: Path, info: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "card.md"
    text = "<!-- box totals open -->\n<!-- end of box -->\n"
    card.write_text(f"# Card\n\nAll.\n\n## research\n\nA.\n\n## open\n\n{text}\n## Limits\n\nZ.\n")
    monkeypatch.setattr(pages, "CARD", card)
    monkeypatch.setattr(pages, "PAGES", (card,))
    path = bundled("open").path
    write_model(onnx.load(path), info, path)
    bundled("research").path.unlink()
    drawn: list[Path] = []
    monkeypatch.setattr("box.pictures.write_pictures", drawn.append)
    assert main(["pages"]) == 0
    assert drawn == [pages.ROOT / "docs" / "images"]
    kept = read_model(path).info.card
    assert kept == card_of("open", card.read_text())
    assert "| walls | 7 | " in kept
    assert ("## research" in kept, "## Limits" in kept, "<!--" in kept) == (False, True, False)


def test_pictures_of_what_is_here_are_small(
    filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_SEARCHED", range(100, 102))
    monkeypatch.setattr(pictures, "SURFACES", ("concrete", "brick"))
    bundled("open").path.unlink()
    pictures.write_pictures(tmp_path)
    sizes = {path.name: Image.open(path).size for path in tmp_path.glob("*.jpg")}
    side = 224
    assert sizes == {
        "box_found.jpg": (2 * side, 2 * side),
        "box_failures_research.jpg": (3 * side, 4 * side),
        "worn.jpg": (5 * side, 2 * side),
    }


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.name)
def test_the_committed_pages_hold_the_figures_of_the_committed_files(model: object) -> None:
    present = {one.name: one for one in BUNDLED if one == model and one.path.is_file()}
    if not present:
        pytest.skip("this copy of the sources has no such file")
    models = {name: read_model(one.path).info for name, one in present.items()}
    for page in pages.PAGES:
        text = page.read_text(encoding="utf-8")
        assert fill(text, models) == text
    for name, info in models.items():
        assert info.judged
        assert info.card == card_of(name, pages.CARD.read_text(encoding="utf-8"))


def test_every_licence_names_the_photographs_of_its_network() -> None:
    for name, recipe in RECIPES.items():
        text = bundled(name).licence_path.read_text(encoding="utf-8")
        known = {"crackseg-real": "CrackSeg9k", "deepcrack": "DeepCrack", "crack500": "Crack500"}
        known |= {"crackmap": "CrackMap", "uav": "open.onnx", "ccic-negative": "open.onnx"}
        known |= {"rissbilder": "Rissbilder"}
        for source in recipe.sources:
            folder = source.folder.rpartition("/")[2]
            assert folder in text or known[folder] in text, (name, folder)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


def test_origins_say_photograph_and_source(tmp_path: Path) -> None:
    for file in (
        "crackseg-real/Final-Dataset-Vol1/Images/CRACK500_00001.jpg",
        "crackseg-real/Final-Dataset-Vol1/Images/CRACK500_00002.jpg",
        "deepcrack/train_img/11215-3.jpg",
        "deepcrack/train_lab/11215-3.png",
        "more/uav/images/35.jpg",
        "more/noncrack/images/noncrack_7_12.jpg",
        "more/ccic-negative/images/00401.jpg",
        "more/ccic-negative/masks/00401.png",
    ):
        picture(tmp_path / file)
    table = tmp_path / "more" / "crack500" / "crops.csv"
    table.parent.mkdir()
    table.write_text("our_file,photograph\nCRACK500_00001.jpg,20160222.jpg\n")
    found = set(origins(tmp_path, (CORPUS, DEEPCRACK, CRACK500, UAV, NONCRACK, CCIC)))
    assert found == {
        ("CRACK500_00001.jpg", "20160222.jpg", "CRACK500"),
        ("CRACK500_00002.jpg", "CRACK500_00002", "CRACK500_untraced"),
        ("train_img/11215-3.jpg", "DeepCrack_11215", "DeepCrack537"),
        ("uav/images/35.jpg", "uav_30", "uav"),
        ("noncrack/images/noncrack_7_12.jpg", "wall_7", "noncrack"),
        ("ccic-negative/images/00401.jpg", "ccic_2", "ccic"),
    }
    assert {row[2] for row in origins(tmp_path, (UAV,))} == {"uav"}
    # Of a set that is read alone, names begin below its folder.
    assert {row[0].split("/")[0] for row in origins(tmp_path, (UAV,))} == {"images"}
    assert (scene("DJI2040"), scene("1361"), scene("DJI0031")) == (
        "uav_1361",
        "uav_1361",
        "uav_DJI0031",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [],
            "make box: it needs photographs; say with DATA=FOLDER where they are, with more/uav, ",
        ),
        (["--data", "HERE"], "the folders more/ccic-negative, deepcrack, "),
    ],
)
def test_missing_photographs_are_named_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    (tmp_path / "more" / "uav").mkdir(parents=True)
    given = [str(tmp_path) if one == "HERE" else one for one in given]
    assert main(["make", *given, "open"]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


class Programs:
    """Stands for the programs: notes what they are called with, and leaves what they would.

    Of exports that to 8 bits loses too much.
    """

    def __init__(self, checkpoint: Path, metrics: Path, exported: Path) -> None:
        self.checkpoint, self.metrics, self.exported = checkpoint, metrics, exported
        self.calls: list[list[str]] = []
        self.code = 0

    def crackseg(self, arguments: Sequence[str]) -> int:
        self.calls.append(list(arguments))
        if "--int8" in arguments:
            return 2
        shutil.copy(self.exported, arguments[arguments.index("--output") + 1])
        return 0

    def __call__(
        self, command: Sequence[str], **ignored: object
    ) -> "subprocess.CompletedProcess[str]":
        script, *settings = command[1:]
        self.calls.append([Path(script).name, *settings])
        folder = next((one[14:] for one in settings if one.startswith("hydra.run.dir=")), "")
        if folder and not self.code:
            Path(folder).mkdir(parents=True, exist_ok=True)
            made = self.checkpoint if self.calls[-1][0] == "train.py" else self.metrics
            (Path(folder) / made.name).write_bytes(made.read_bytes())
        return subprocess.CompletedProcess(command, self.code)


@pytest.fixture
def programs(
    trained: TrainResult,
    metrics: Path,
    licensed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Programs:
    stand_in = Programs(trained.checkpoint, metrics, licensed)
    monkeypatch.setattr(building, "crackseg", stand_in.crackseg)
    monkeypatch.setattr(building.subprocess, "run", stand_in)
    monkeypatch.setattr(building, "WORK", tmp_path / "work")
    small = Recipe("box/open", (UAV, CCIC), (), (NONCRACK,), without=("DeepCrack",))
    monkeypatch.setitem(RECIPES, "open", small)
    for source in (UAV, CCIC, NONCRACK):
        (tmp_path / "data" / source.folder).mkdir(parents=True)
    return stand_in


def test_the_box_is_trained_exported_judged_and_placed(
    programs: Programs, filled_box: Path, tmp_path: Path
) -> None:
    data, work = tmp_path / "data", tmp_path / "work" / "open"
    made = building.build("open", data, ["trainer.max_epochs=1"])
    assert made == filled_box / "open.onnx"
    photographs = [
        "data=folder",
        f"data.root=[{data}/more/uav,{data}/more/ccic-negative]",
        f"data.origins={work}/origins.csv",
        "data.without_sources=[DeepCrack]",
    ]
    training, *exports, own, unseen = programs.calls
    assert training == [
        "train.py",
        "experiment=box/open",
        *photographs,
        "trainer.max_epochs=1",
        f"hydra.run.dir={work}/run",
    ]
    common = ["export", f"{work}/run/best.ckpt", "--output", f"{work}/open.onnx"]
    common += ["--licence", bundled("open").licence]
    assert exports == [[*common, "--int8"], [*common, "--float16"]]
    test = ["data.split=grouped", "subset=test", "resolution=native"]
    assert own[:1] + own[2:-1] == ["evaluate.py", *photographs, *test]
    assert f"data.root=[{data}/more/noncrack]" in unseen
    info = read_model(made).info
    assert info.licence == bundled("open").licence
    assert [one.title for one in info.judged] == [
        "test subset of its own sources",
        "noncrack, never trained on",
    ]


def test_a_second_call_does_only_what_is_missing(
    programs: Programs, filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    building.build("open", tmp_path / "data")
    monkeypatch.setattr(building, "read_run", lambda folder: Run("done"))
    programs.calls.clear()
    building.build("open", tmp_path / "data")
    assert programs.calls == []
    monkeypatch.setattr(building, "read_run", lambda folder: Run("interrupted"))
    building.build("open", tmp_path / "data")
    assert programs.calls == [["train.py", f"resume={tmp_path}/work/open/run"]]


class Run:
    def __init__(self, state: str) -> None:
        self.state = state


def test_each_family_is_left_out_of_training_and_judged(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = (Family("air", "dams", ("CFD",)), Family("walls", "joints", ("CFD",)))
    asked = []

    def alarms(family: Family, photographs: Sequence[str], work: Path) -> dict[str, Alarms]:
        asked.append((family.name, work))
        return {"CFD": Alarms(40, 0.9, 0.6, 0.3), "known": Alarms(12, 0.1, 0.25, 0.5)}

    monkeypatch.setattr(generalising, "alarms_without", alarms)
    recipe = Recipe("box/research", (UAV, CCIC), (), (), without=("DeepCrack",))
    monkeypatch.setattr(generalising, "ALL", recipe)
    monkeypatch.setattr(generalising, "FAMILIES", families)
    monkeypatch.setattr(generalising, "crackseg", programs.crackseg)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- box generalisation -->\nold\n<!-- end of box -->\nafter\n")
    generalising.generalise(tmp_path / "data", ["trainer.max_time=1"], page)
    for family in families:
        (left,) = family.sources
        training, _, own, unseen = programs.calls[:4]
        del programs.calls[:4]
        without = f"data.without_sources=[DeepCrack,{left}]"
        assert training[:2] == ["train.py", "experiment=box/research"]
        assert without in training
        # What is said last holds.
        assert training.index("trainer.max_time=1") > training.index("trainer.max_time=20")
        assert {without, "data.split=grouped", "subset=test"} < set(own)
        assert {f"data.sources=[{left}]", "subset=all"} < set(unseen)
        assert without not in unseen
        # What is said last holds.
        assert own.index(without) > own.index("data.without_sources=[DeepCrack]")
    assert programs.calls == []
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert [row.split(" | ")[2] for row in text.splitlines()[4:8]] == ["seen", "unseen"] * 2
    assert asked == [(family.name, tmp_path / "work" / "generalise") for family in families]
    assert "| air | CFD | 40 | 90% | 10% | 0.60 | 0.30 |" in text
    assert "| walls | CFD | 40 | 90% | 10% | 0.60 | 0.30 |" in text
    assert "none, as they are all equal, over all 4 pairs" in text


def figures_by_source(**ious: float) -> JudgedSet:
    sources = {name: {"images": 9.0, "crack_iou": iou} for name, iou in ious.items()}
    return JudgedSet("", [], {}, {**sources, "without": {"images": 3.0}}, {})


def test_distances_foretell_losses_against_networks_that_know_a_source() -> None:
    one, other, third = (Family(name, "", (name,)) for name in ("a", "b", "d"))
    judged = {
        one: (figures_by_source(b=0.6, c=0.5, d=0.5), figures_by_source(a=0.2)),
        other: (figures_by_source(a=0.7, c=0.4, d=0.5), figures_by_source(b=0.5)),
        third: (figures_by_source(a=0.9, b=0.6, c=0.6), figures_by_source(d=0.2)),
    }
    # Not the network's own figure, which nothing is lost against.
    assert usual_iou("a", one, judged) == pytest.approx(0.8)
    assert usual_iou("c", one, judged) == pytest.approx(0.5)
    assert usual_iou("c", other, judged) == pytest.approx(0.55)
    assert math.isnan(usual_iou("without", one, judged))
    near, far, farther = (Alarms(20, 0.0, distance, 0.5) for distance in (0.1, 0.6, 0.9))
    known = dict.fromkeys("abcd", near)
    alarms = {one: {**known, "a": farther}, other: {**known, "b": near}, third: {**known, "d": far}}
    assert "1.00 over the 3 whose source was left out" in foretelling(judged, alarms)
    turned = {one: {**known, "a": near}, other: {**known, "b": farther}, third: {**known, "d": far}}
    assert "-1.00 over the 3 whose source was left out" in foretelling(judged, turned)
    assert "over all 12 pairs of a network and a source" in foretelling(judged, turned)
    rows = alarm_table(judged, alarms).splitlines()
    assert rows[2] == "| a | a | 20 | 0% | 0% | 0.90 | 0.50 | .800 | .200 |"


def test_batches_of_a_source_are_asked_once(
    exported: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Path(shutil.copy(exported, tmp_path / "model.onnx"))
    noise = np.random.default_rng(0).integers(0, 2, (5, 40, 60, 3), np.uint8) * 255
    images = shutil.copytree(archive / IMAGES, tmp_path / IMAGES)
    for number, picture in enumerate(noise):
        Image.fromarray(picture).save(images / f"noise_{number}.png")
    names = sorted(path.name for path in images.iterdir())
    rows = [
        Row(Path(name).stem, f"{IMAGES}/{name}", "", name.partition("_")[0], "", "", "test")
        for name in names
    ]
    kept = tmp_path / "alarms.json"
    found = alarms_by_source(model, tmp_path, rows, kept)
    assert found["noise"].rate == 1
    assert found["noise"].images == 5
    assert found["noise"].distance > found["noise"].limit
    assert found["CFD"].rate == 0
    # Of fewer than five nothing can be said.
    few = alarms_by_source(model, tmp_path, rows[:4], tmp_path / "few.json")
    assert few == {}
    monkeypatch.setattr(Predictor, "from_checkpoint", None)
    assert alarms_by_source(model, tmp_path, rows, kept) == found


def test_a_network_that_knows_no_photographs_cannot_be_asked(
    exported: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    write_model(onnx.load(exported), replace(read_model(exported).info, known=None), model)
    with pytest.raises(CrackSegError, match="does not say what its training photographs are like"):
        alarms_by_source(model, tmp_path, [], tmp_path / "alarms.json")


def test_paths_of_a_manifest_stand_below_what_all_folders_share() -> None:
    assert building.root_of(["data=folder", "data.root=[/a/b,/a/c/d]"]) == Path("/a")
    assert building.root_of(["data.root=[/a/b]"]) == Path("/a/b")


def test_shares_without_a_family_add_up_to_1() -> None:
    for family in FAMILIES:
        shares = generalising.shares_without(family)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
        assert not set(shares) & set(family.sources)
    every = {name for family in FAMILIES for name in family.sources}
    # Every source of cracks but that of few scenes is left out once.
    assert len(every) == sum(len(family.sources) for family in FAMILIES)
    assert {"noncrack", "ccic", "synthetic", "uav"} == set(shares) - every


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_training_without_a_family_has_the_shares_of_the_others_alone(
    family: Family, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As Hydra reads them on the command line, where it would add them to the recipe's."""
    given: list[str] = []

    def trained(experiment: str, settings: Sequence[str], run: Path) -> Path:
        given.extend([f"experiment={experiment}", *settings])
        raise CrackSegError("enough")

    monkeypatch.setattr(building, "trained", trained)
    with pytest.raises(CrackSegError, match="enough"):
        generalising.judged_without(family, ["data=folder", "data.root=here"], [], tmp_path)
    shares = parsing.shares(composed(*given).data.shares)
    assert shares is not None
    assert set(shares) == generalising.shares_without(family).keys()
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)


def test_a_training_goes_on_from_the_one_before(
    programs: Programs, filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPES["open"], then=("box/research_looks",))
    monkeypatch.setitem(RECIPES, "open", recipe)
    building.build("open", tmp_path / "data", ["trainer.max_epochs=1"])
    first, second, export, *_ = programs.calls
    runs = [call[-1].removeprefix("hydra.run.dir=") for call in (first, second)]
    assert runs == [f"{tmp_path}/work/open/{name}" for name in ("run", "research_looks")]
    begun = f"init_from={runs[0]}/best.ckpt"
    photographs, rest = first[2:6], first[6:-1]
    assert second[1:-1] == ["experiment=box/research_looks", *photographs, *rest, begun]
    assert second[-1] == f"hydra.run.dir={runs[1]}"
    assert export[1] == f"{runs[1]}/best.ckpt"

    os.utime(f"{runs[0]}/best.ckpt", (4e9, 4e9))
    with pytest.raises(CrackSegError, match="research_looks: it went on from an earlier training"):
        building.build("open", tmp_path / "data")


def test_each_training_of_the_box_has_its_settings() -> None:
    for recipe in RECIPES.values():
        first = composed(f"experiment={recipe.experiment}", "data.root=here")
        for experiment in recipe.then:
            then = composed(f"experiment={experiment}", "data.root=here")
            assert (then.model, then.data.shares) == (first.model, first.data.shares)


def test_a_network_that_cannot_be_exported_ends_the_box(
    programs: Programs, filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "crackseg", lambda arguments: 2)
    with pytest.raises(CrackSegError, match=r"best\.ckpt: could not be exported, as said above"):
        building.build("open", tmp_path / "data")


def test_a_program_that_fails_ends_the_box(
    programs: Programs, filled_box: Path, tmp_path: Path
) -> None:
    programs.code = 130
    with pytest.raises(
        CrackSegError, match=r"train.py ended with exit code 130, .*; make box goes"
    ):
        building.build("open", tmp_path / "data")


def test_the_makefile_hands_the_folder_over() -> None:
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^box: .*DATA=FOLDER", makefile, re.M)
    with pytest.raises(DatasetNotFoundError, match="DATA=FOLDER"):
        building.require(None, RECIPES["open"])
