"""Masks of one data set that are stored in several forms keep their cracks, or it is asked."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.ground_truth import encoded_mask, read_truth
from crackseg.data.annotations.masks.decision import decide_encoding
from crackseg.data.annotations.masks.encoding import CrackMeaning, MaskEncoding
from crackseg.data.annotations.masks.parts import Decision
from crackseg.data.annotations.masks.stored import read_stored_mask
from crackseg.data.annotations.masks.summaries import summarise
from crackseg.errors import UnreadableImageError

BLACK, WHITE, RED, GREEN, VOID = (0, 0, 0), (255,) * 3, (128, 0, 0), (48, 112, 32), (224, 224, 192)
TRUTH = np.zeros((24, 32), np.bool_)
TRUTH[8:14, 2:30] = True


def grey(value: float, kind: type = np.uint8) -> Image.Image:
    return Image.fromarray(np.where(TRUTH, value, 0).astype(kind))


def coloured(colour: tuple[int, ...], ground: tuple[int, ...] = BLACK) -> Image.Image:
    return Image.fromarray(np.where(TRUTH[:, :, None], colour, ground).astype(np.uint8))


def indexed(*colours: tuple[int, ...], void: bool = False) -> Image.Image:
    picture = grey(1)
    if void:
        indices = np.array(picture)
        indices[7], indices[14] = 255, 255
        picture = Image.fromarray(indices)
    listed = [*colours, *[BLACK] * (255 - len(colours)), VOID]
    picture.putpalette([value for colour in listed for value in colour])
    return picture


def painted(colour: tuple[int, ...], opaque: int = 255) -> Image.Image:
    picture = coloured(colour)
    picture.putalpha(grey(opaque))
    return picture


def hidden(colour: tuple[int, ...]) -> Image.Image:
    """Transparent everywhere, so that the colours count."""
    return painted(colour, 0)


FORMS: dict[str, tuple[str, Callable[[], Image.Image]]] = {
    "black and white": ("png", lambda: grey(255)),
    "0 and 1": ("png", lambda: grey(1)),
    "0 and 90": ("png", lambda: grey(90)),
    "bits": ("png", lambda: grey(255).convert("1")),
    "16 bits": ("png", lambda: grey(65535, np.uint16)),
    "16 bits of 0 and 1": ("png", lambda: grey(1, np.uint16)),
    "16 bits up to 255": ("png", lambda: grey(255, np.uint16)),
    "floats up to 1": ("tif", lambda: grey(1, np.float32)),
    "floats up to .8": ("tif", lambda: grey(0.8, np.float32)),
    "palette of greys": ("png", lambda: indexed(BLACK, WHITE)),
    "palette of colours": ("png", lambda: indexed(BLACK, RED)),
    "palette with void": ("png", lambda: indexed(BLACK, RED, void=True)),
    "palette of another colour": ("png", lambda: indexed(BLACK, GREEN)),
    "palette of one colour": ("png", lambda: indexed(BLACK, BLACK)),
    "white in three bands": ("png", lambda: coloured(WHITE)),
    "red": ("png", lambda: coloured((255, 0, 0))),
    "dark green": ("png", lambda: coloured(GREEN)),
    "painted": ("png", lambda: painted(RED)),
    "hidden": ("png", lambda: hidden(RED)),
    "grey, lossy": ("jpg", lambda: grey(255)),
    "red, lossy": ("jpg", lambda: coloured((255, 0, 0))),
    "dark green, lossy": ("jpg", lambda: coloured(GREEN)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    for name, (suffix, make) in FORMS.items():
        for place in "ab":
            make().save(folder / f"{place} {name}.{suffix}", quality=90)
    return folder


def decided(folder: Path, *files: str, meaning: CrackMeaning | None = None) -> Decision:
    summaries = {file: summarise(read_stored_mask(folder / file)) for file in files}
    return decide_encoding(summaries, meaning or CrackMeaning())


def crack_of(folder: Path, decision: Decision) -> dict[str, np.ndarray]:
    return {
        file: read_truth(folder, encoded_mask(file, encoding), TRUTH.shape) > 127
        for file, encoding in decision.encodings.items()
    }


@pytest.mark.parametrize("first", FORMS)
def test_two_forms_in_one_data_set_keep_their_cracks_or_it_is_said(
    folder: Path, first: str
) -> None:
    lost = {}
    for second in FORMS:
        # What is transparent among painted ones is no crack, whatever the hidden colour.
        if {first, second} == {"painted", "hidden"}:
            continue
        forms = dict.fromkeys((first, second))
        files = [f"{place} {name}.{FORMS[name][0]}" for name in forms for place in "ab"]
        decision = decided(folder, *files)
        crack = crack_of(folder, decision)
        assert set(crack) == set(files)
        right = [(one & TRUTH).sum() > 0.8 * (one | TRUTH).sum() for one in crack.values()]
        if not all(right) and not decision.question and not decision.remarks:
            lost[second] = decision.line
    assert lost == {}


@pytest.mark.parametrize("first", ["palette with void", "red", "dark green"])
@pytest.mark.parametrize("second", ["0 and 1", "16 bits of 0 and 1", "floats up to .8"])
def test_what_is_said_of_one_form_changes_no_other(folder: Path, first: str, second: str) -> None:
    """Greys of 0 and 1 beside a palette stayed 0 and 1, and floats became 0."""
    (one, *_), (other, *_) = FORMS[first], FORMS[second]
    files = f"a {first}.{one}", f"b {first}.{one}", f"a {second}.{other}"
    assert np.array_equal(crack_of(folder, decided(folder, *files))[files[-1]], TRUTH)


def test_a_class_that_is_too_dark_beside_a_lossy_one_is_said(folder: Path) -> None:
    decision = decided(folder, "a red, lossy.jpg", "a dark green, lossy.jpg")
    (remark,) = decision.remarks
    assert remark.startswith("#326f22 (50,111,34) in the masks is darker than the usual mask thr")


CHOICES = {
    "palette of colours": CrackMeaning(values=frozenset({7})),
    "palette with void": CrackMeaning(colours=frozenset({(0, 255, 0)})),
    "red": CrackMeaning(colours=frozenset({(0, 255, 0)})),
    "dark green, lossy": CrackMeaning(colours=frozenset({(255, 0, 0)})),
    "painted": CrackMeaning(colours=frozenset({(0, 255, 0)})),
    "0 and 1": CrackMeaning(values=frozenset({7})),
}


@pytest.mark.parametrize("form", CHOICES)
def test_settings_that_name_nothing_that_occurs_decide_nothing(folder: Path, form: str) -> None:
    files = [f"{place} {form}.{FORMS[form][0]}" for place in "ab"]
    decision = decided(folder, *files, meaning=CHOICES[form])
    assert not decision.is_chosen
    (remark,) = decision.remarks
    assert remark == (
        "data.crack_values and data.crack_colours name nothing that occurs in 2 masks, which are "
        f"read as without any crack: {', '.join(files)}"
    )


@pytest.mark.parametrize(
    ("form", "meaning"),
    [
        ("palette of colours", CrackMeaning(values=frozenset({1}))),
        ("palette with void", CrackMeaning(colours=frozenset({RED}))),
        ("red", CrackMeaning(colours=frozenset({(250, 5, 0)}))),
        ("dark green, lossy", CrackMeaning(colours=frozenset({GREEN}))),
        ("painted", CrackMeaning(colours=frozenset({RED}))),
        ("0 and 1", CrackMeaning(values=frozenset({1}))),
    ],
)
def test_settings_that_name_what_occurs_decide(
    folder: Path, form: str, meaning: CrackMeaning
) -> None:
    files = [f"{place} {form}.{FORMS[form][0]}" for place in "ab"]
    decision = decided(folder, *files, meaning=meaning)
    assert (decision.is_chosen, decision.remarks) == (True, ())
    for crack in crack_of(folder, decision).values():
        assert (crack & TRUTH).sum() > 0.8 * (crack | TRUTH).sum()


@pytest.mark.parametrize("form", ["palette of colours", "0 and 1"])
def test_a_choice_says_nothing_against_masks_without_any_crack(tmp_path: Path, form: str) -> None:
    suffix, make = FORMS[form]
    picture = make()
    picture.paste(0, (0, 0, *picture.size))
    picture.save(tmp_path / f"a.{suffix}")
    decision = decided(tmp_path, f"a.{suffix}", meaning=CrackMeaning(values=frozenset({1})))
    assert (decision.is_chosen, decision.remarks) == (True, ())


def shaded(highest: float) -> np.ndarray:
    """A crack with soft edges, float64, up to a value."""
    soft = np.zeros(TRUTH.shape)
    for shift in range(8):
        soft[7 + shift // 2 : 15 - shift // 2] += (1 + np.arange(TRUTH.shape[1]) % 5 / 50) / 4.32
    return soft / soft.max() * highest


def deep_set(folder: Path, *masks: np.ndarray) -> Decision:
    for place, mask in enumerate(masks):
        Image.fromarray(mask).save(folder / f"{place}.tif")
    return decided(folder, *(f"{place}.tif" for place in range(len(masks))))


NOISE = np.random.default_rng(0).random(TRUTH.shape)


@pytest.mark.parametrize(
    ("kind", "white", "noise"),
    [(np.uint16, 65535, 200), (np.float32, 255, 0.9), (np.float32, 65535, 0.9)],
)
def test_noise_of_one_deeper_mask_is_read_on_the_scale_of_the_others(
    tmp_path: Path, kind: type, white: int, noise: float
) -> None:
    masks = [shaded(white).astype(kind), (NOISE * noise).astype(kind)]
    decision = deep_set(tmp_path, *masks, np.zeros(TRUTH.shape, kind))
    crack = crack_of(tmp_path, decision)
    assert [crack[f"{place}.tif"].any() for place in range(3)] == [True, False, False]
    assert decision.encodings["0.tif"].is_plain
    assert "1 of 3 masks hold small values alone beside masks up to" in decision.remarks[0]


def test_a_deeper_mask_with_a_white_of_its_own_keeps_it_and_is_said(tmp_path: Path) -> None:
    decision = deep_set(tmp_path, shaded(65535).astype(np.uint16), shaded(255).astype(np.uint16))
    assert all(crack.any() for crack in crack_of(tmp_path, decision).values())
    assert "1 of 2 masks end at 255 beside masks up to 65535" in decision.remarks[0]


@pytest.mark.parametrize("highest", [1.0000001, 1.04, 260.5])
def test_fractions_a_little_beyond_white_keep_their_cracks(tmp_path: Path, highest: float) -> None:
    usual = 1 if highest < 2 else 255
    masks = [shaded(value).astype(np.float32) for value in (highest, usual)]
    found = [crack.mean() for crack in crack_of(tmp_path, deep_set(tmp_path, *masks)).values()]
    assert found[0] == pytest.approx(found[1], abs=0.05)
    assert found[0] > 0.1


def test_deeper_masks_of_another_white_are_said(tmp_path: Path) -> None:
    masks = [shaded(4095).astype(np.uint16), shaded(4000).astype(np.uint16)]
    remark = "no deeper mask holds anything brighter than 15 of 255: if that is crack, a mask thr"
    assert deep_set(tmp_path, *masks).remarks[0].startswith(remark)


def test_infinite_values_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1, np.inf]], np.float32)).save(tmp_path / "x.tif")
    with pytest.raises(UnreadableImageError, match="it holds infinite values, which mean nothing"):
        read_stored_mask(tmp_path / "x.tif")


def test_a_white_stands_in_the_reference() -> None:
    assert encoded_mask("x.tif", MaskEncoding(white=65535)) == "x.tif?=w65535"
    assert MaskEncoding.from_text("w65535") == MaskEncoding(white=65535)
