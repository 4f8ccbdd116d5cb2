"""What masks mean is decided over a whole data set and never file by file."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.ground_truth import read_truth, split_reference
from crackseg.data.annotations.masks.encoding import CrackMeaning, MaskEncoding
from crackseg.data.annotations.masks.sizes import match_sizes
from crackseg.data.cache.mask_encodings import MaskMeaning, decide_meaning
from crackseg.data.discovery.pairs import find_pairs
from crackseg.errors import DatasetError, UnreadableImageError
from crackseg.images import pixels

BLACK, GREEN, RED = (0, 0, 0), (48, 112, 32), (250, 50, 83)


def line(*values: object, shape: tuple[int, ...] = (40, 60)) -> np.ndarray:
    """Black with a level line of each value, from the top downwards."""
    mask = np.zeros(shape, np.uint8)
    for place, value in enumerate(values):
        mask[5 + 8 * place : 8 + 8 * place] = value
    return mask


def write(root: Path, *masks: np.ndarray) -> Path:
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for place, mask in enumerate(masks):
        noise = np.random.default_rng(place).integers(0, 256, (*mask.shape[:2], 3))
        Image.fromarray(noise.astype(np.uint8)).save(root / "images" / f"w{place}.png")
        Image.fromarray(mask).save(root / "masks" / f"w{place}.png")
    return root


def decided(
    root: Path, values: set[int] | None = None, colours: set[tuple[int, int, int]] | None = None
) -> MaskMeaning:
    chosen = CrackMeaning(
        None if values is None else frozenset(values),
        None if colours is None else frozenset(colours),
    )
    return decide_meaning(find_pairs(root), [root], chosen, None)


def rows_of_crack(meaning: MaskMeaning) -> list[list[int]]:
    """The rows that are crack, pair by pair."""
    found = []
    for pair in meaning.inventory.pairs:
        truth = read_truth(meaning.inventory.root, pair.mask, (40, 60))
        assert set(np.unique(truth)) <= {0, 255}
        found.append(np.flatnonzero((truth > 127).all(axis=1)).tolist())
    return found


FIRST, SECOND = [5, 6, 7], [13, 14, 15]


def test_class_numbers_are_asked_for(tmp_path: Path) -> None:
    meaning = decided(write(tmp_path, line(1), line(2), line(1, 2)))
    with pytest.raises(DatasetError) as refused:
        meaning.refuse_open_questions()
    assert "the masks hold 0, 1, 2, as class numbers do" in str(refused.value)
    assert "say it with data.crack_values=[NUMBER]" in str(refused.value)


def test_only_sources_that_take_part_are_asked_for(tmp_path: Path) -> None:
    found = find_pairs(write(tmp_path, line(1), line(2), line(1, 2), line(255), line(255)))
    sources = {
        pair.image: "walls" if place > 2 else "roads" for place, pair in enumerate(found.pairs)
    }
    meaning = decide_meaning(found, [tmp_path], CrackMeaning(), None, sources)
    assert [str(one) for one in meaning.decisions] == ["roads", "walls"]
    meaning.refuse_open_questions({"walls"})
    with pytest.raises(DatasetError, match="roads: the masks hold 0, 1, 2"):
        meaning.refuse_open_questions({"roads", "walls"})


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        ({1}, [FIRST, [], FIRST]),
        ({2}, [[], FIRST, SECOND]),
        ({1, 2}, [FIRST, FIRST, FIRST + SECOND]),
    ],
)
def test_the_chosen_class_number_is_crack_in_every_file(
    tmp_path: Path, chosen: set[int], rows: list[list[int]]
) -> None:
    meaning = decided(write(tmp_path, line(1), line(2), line(1, 2)), chosen)
    assert meaning.questions() == ()
    assert rows_of_crack(meaning) == rows


def test_a_dark_colour_is_crack(tmp_path: Path) -> None:
    meaning = decided(write(tmp_path, *[line(GREEN, shape=(40, 60, 3)) for _ in range(3)]))
    assert rows_of_crack(meaning) == [FIRST] * 3
    assert meaning.lines == (
        "masks: coloured, #307020 (48,112,32) on #000000 (0,0,0); #307020 (48,112,32) is crack",
    )


def test_two_colours_are_classes_and_one_can_be_chosen(tmp_path: Path) -> None:
    root = write(tmp_path, *[line(GREEN, RED, shape=(40, 60, 3)) for _ in range(2)])
    meaning = decided(root)
    assert rows_of_crack(meaning) == [FIRST + SECOND] * 2
    assert "both count as crack" in meaning.lines[0]
    assert rows_of_crack(decided(root, colours={RED})) == [SECOND] * 2


def test_one_level_of_grey_in_several_files_is_crack(tmp_path: Path) -> None:
    assert rows_of_crack(decided(write(tmp_path, line(38), line(38)))) == [FIRST, FIRST]


def test_noise_of_ones_among_white_masks_is_no_crack(tmp_path: Path) -> None:
    noise = line()
    noise[::9, ::9] = 1
    meaning = decided(write(tmp_path, line(255), line(255), noise))
    assert rows_of_crack(meaning) == [FIRST, FIRST, []]
    assert "their ones look like noise" in meaning.remarks[0]


def test_lines_of_ones_among_white_masks_are_crack(tmp_path: Path) -> None:
    meaning = decided(write(tmp_path, line(255), line(255), line(1)))
    assert rows_of_crack(meaning) == [FIRST, FIRST, FIRST]
    assert "their ones are read as crack, as they form lines" in meaning.remarks[0]


def write_pictures(root: Path, *pictures: Image.Image, suffix: str = "png") -> Path:
    """Pairs whose masks are these pictures."""
    write(root, *(line(255) for _ in pictures))
    for place, picture in enumerate(pictures):
        (root / "masks" / f"w{place}.png").unlink()
        picture.save(root / "masks" / f"w{place}.{suffix}", quality=75)
    return root


def indexed(indices: np.ndarray, *colours: tuple[int, int, int]) -> Image.Image:
    picture = Image.fromarray(indices)
    picture.putpalette([value for colour in colours for value in colour])
    return picture


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_palette_of_one_colour_tells_nothing_and_its_indices_do(
    tmp_path: Path, grey: int
) -> None:
    same = (grey, grey, grey)
    meaning = decided(write_pictures(tmp_path, indexed(line(1), same, same)))
    assert rows_of_crack(meaning) == [FIRST]
    assert meaning.lines[0].endswith("beside 0; 1 is crack")


def test_where_palettes_differ_colours_count_and_not_indices(tmp_path: Path) -> None:
    one = indexed(line(1, 2), BLACK, RED, GREEN)
    other = indexed(2 - line(2, 1), GREEN, RED, BLACK)
    root = write_pictures(tmp_path, one, other)
    both = decided(root)
    assert rows_of_crack(both) == [[*FIRST, *SECOND]] * 2
    assert both.lines == (
        "masks: label images whose palettes differ, #307020 (48,112,32), #fa3253 (250,50,83) on "
        "#000000 (0,0,0); #307020 (48,112,32) and #fa3253 (250,50,83) both count as crack "
        '(data.crack_colours=["#RRGGBB"] chooses)',
    )
    assert rows_of_crack(decided(root, colours={RED})) == [FIRST, SECOND]


def test_nothing_painted_on_transparency_is_no_crack_whatever_the_hidden_colour(
    tmp_path: Path,
) -> None:
    white = np.full((40, 60, 3), 255, np.uint8)
    painted, empty = (Image.fromarray(np.dstack([white, alpha])) for alpha in (line(255), line(0)))
    assert rows_of_crack(decided(write_pictures(tmp_path, painted, empty))) == [FIRST, []]


def test_colours_that_are_transparent_everywhere_are_named(tmp_path: Path) -> None:
    grey = line(255)
    hidden = Image.fromarray(np.dstack([grey, grey, grey, line(0)]))
    meaning = decided(write_pictures(tmp_path, hidden))
    assert rows_of_crack(meaning) == [FIRST]
    assert meaning.lines == (
        "masks: coloured, #ffffff (255,255,255) on #000000 (0,0,0); #ffffff (255,255,255) is crack",
    )


def test_what_a_lossy_format_makes_of_black_is_no_crack(tmp_path: Path) -> None:
    red = np.dstack([line(255), line(0), line(0)])
    root = write_pictures(tmp_path, Image.fromarray(red), Image.fromarray(line(0)), suffix="webp")
    meaning = decided(root)
    truths = [read_truth(root, pair.mask, (40, 60)) > 127 for pair in meaning.inventory.pairs]
    assert [truth.any() for truth in truths] == [True, False]


def test_dim_shades_and_a_middle_level_are_remarked_on(tmp_path: Path) -> None:
    for name in ("dim", "middle"):
        (tmp_path / name).mkdir()
    blurred = (line(255).astype(np.uint16) * np.linspace(0, 0.55, 60)).astype(np.uint8)
    dim = decided(write(tmp_path / "dim", blurred))
    assert dim.remarks == (
        "no mask holds anything brighter than 140 of 255: if that is crack, a mask threshold of "
        "half as much fits, data.mask_threshold=70",
    )
    middle = decided(write(tmp_path / "middle", line(255, 128), line(255, 128)))
    assert middle.remarks == (
        "the masks hold 128 beside 0 and 255, as areas do that nobody is sure of; what of them is "
        "above the mask threshold is crack, data.crack_values=[255] leaves them out",
    )


@pytest.mark.parametrize("value", [1, 255])
def test_ordinary_masks_keep_their_references(tmp_path: Path, value: int) -> None:
    meaning = decided(write(tmp_path, line(value), line(value), line()))
    assert [pair.mask for pair in meaning.inventory.pairs] == [f"masks/w{i}.png" for i in range(3)]
    assert rows_of_crack(meaning) == [FIRST, FIRST, []]


def test_what_is_chosen_must_occur(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="name nothing that occurs in its masks"):
        decided(write(tmp_path, line(255), line(255)), colours={(1, 2, 3)})


def test_a_chosen_colour_must_occur_among_colours(tmp_path: Path) -> None:
    """All masks were read as empty."""
    root = write(tmp_path, *[line(colour, shape=(40, 60, 3)) for colour in (RED, (0, 0, 255))])
    with pytest.raises(DatasetError, match="name nothing that occurs in its masks"):
        decided(root, colours={(0, 255, 0)})


@pytest.mark.parametrize(
    "encoding",
    [
        MaskEncoding(crack_values=frozenset({1, 300})),
        MaskEncoding(crack_colours=frozenset({RED}), colours=(BLACK, GREEN, RED)),
        MaskEncoding(crack_indices=frozenset({3}), brightest=90),
        MaskEncoding(painted_colours=frozenset({GREEN}), colours=(GREEN,)),
    ],
)
def test_an_encoding_is_written_and_read_again(encoding: MaskEncoding) -> None:
    assert MaskEncoding.from_text(encoding.as_text()) == encoding


@pytest.mark.parametrize(
    ("mask", "match"),
    [
        ((240, 320), "same"),
        ((238, 317), "resized"),
        ((120, 160), "resized"),
        ((320, 240), "another_shape"),
        ((200, 320), "another_shape"),
    ],
)
def test_a_mask_of_another_shape_is_told_from_a_resized_one(
    mask: tuple[int, int], match: str
) -> None:
    assert match_sizes((240, 320), mask) == match


def stone(shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    """A grey photograph of stone, (H, W, 3): no two of its pixels are alike in all bands."""
    height, width = shape
    light = np.linspace(90, 200, width)[None, :, None] + np.zeros((height, 1, 3))
    noise = np.random.default_rng(7).normal(0, 12, (height, width, 3))
    return np.clip(light + noise, 0, 255).astype(np.uint8)


def with_red(photograph: np.ndarray) -> np.ndarray:
    painted = photograph.copy()
    painted[5:8] = (255, 0, 0)
    return painted


@pytest.mark.parametrize(
    "picture",
    [
        stone(),
        stone()[:, :, 0],
        with_red(stone()),
        with_red(np.repeat(stone()[:, :, :1], 3, axis=2)),
        (stone() // 2 + with_red(stone()) // 2).astype(np.uint8),
    ],
    ids=["photograph", "grey photograph", "painted", "painted on grey", "laid over"],
)
def test_a_photograph_among_masks_is_refused_and_changes_no_other(
    tmp_path: Path, picture: np.ndarray
) -> None:
    meaning = decided(write(tmp_path, picture, line(255), line(255)))
    first, *others = meaning.inventory.pairs
    with pytest.raises(UnreadableImageError, match=r"w0\.png: looks like the photograph itself"):
        read_truth(tmp_path, first.mask, (40, 60))
    assert [pair.mask for pair in others] == ["masks/w1.png", "masks/w2.png"]
    assert meaning.lines == ("masks: black and white (0 and 255); white is crack",)


def test_what_is_painted_on_photographs_is_read_where_its_colour_is_named(tmp_path: Path) -> None:
    root = write(tmp_path, with_red(stone()), with_red(stone()))
    assert rows_of_crack(decided(root, colours={(255, 0, 0)})) == [FIRST] * 2


def test_coloured_masks_of_a_light_ground_leave_white_ones_beside_them_as_they_are(
    tmp_path: Path,
) -> None:
    """What is near to red or blue says nothing of greys."""
    root = write(tmp_path, line(255), line(255))
    lossy = np.full((40, 60, 3), (0, 0, 255), np.uint8)
    lossy[5:8] = (255, 0, 0)
    for name in ("images/c.png", "masks/c.jpg"):
        Image.fromarray(lossy).save(root / name, quality=90)
    white = [pair for pair in decided(root).inventory.pairs if pair.stem != "c"]
    for pair in white:
        truth = read_truth(root, pair.mask, (40, 60))
        assert np.flatnonzero((truth > 127).all(axis=1)).tolist() == FIRST


def test_thin_lines_of_a_lossy_coloured_mask_are_found(tmp_path: Path) -> None:
    """Hundreds of shades of red, of which none is frequent."""
    root = write(tmp_path, line(255))
    for path in (root / "images").iterdir():
        path.unlink()
    (root / "masks" / "w0.png").unlink()
    coloured = np.full((120, 160, 3), (0, 128, 0), np.uint8)
    rows, columns = np.mgrid[:120, :160]
    truth = np.abs(rows - 60 - 30 * np.sin(columns / 20)) < 2
    coloured[truth] = (128, 0, 0)
    for name in ("a", "b"):
        Image.fromarray(np.zeros_like(coloured)).save(root / "images" / f"{name}.png")
        Image.fromarray(coloured).save(root / "masks" / f"{name}.jpg", quality=75)
    meaning = decided(root)
    for pair in meaning.inventory.pairs:
        found = read_truth(root, pair.mask, (120, 160)) > 127
        assert (found & truth).sum() > 0.85 * (found | truth).sum()


def test_a_mosaics_mask_is_transparent_outside_of_it(tmp_path: Path) -> None:
    """It was taken for something painted on transparency, so that all of it was crack."""
    tile = np.dstack([line(255)] * 3 + [np.full((40, 60), 255, np.uint8)])
    tile[:, 40:, 3] = 0
    root = write(tmp_path, tile, np.dstack([line(255)] * 3 + [np.full((40, 60), 255, np.uint8)]))
    crack = [read_truth(root, p.mask, (40, 60)) > 127 for p in decided(root).inventory.pairs]
    assert crack[0][FIRST, :40].all()
    assert crack[1][FIRST].all()
    assert [one.sum() for one in crack] == [3 * 40, 3 * 60]


def test_some_masks_with_a_darker_white_are_told_and_read_as_crack(tmp_path: Path) -> None:
    meaning = decided(write(tmp_path, line(255), line(255), line(63), line()))
    assert rows_of_crack(meaning) == [FIRST, FIRST, FIRST, []]
    (remark,) = meaning.remarks
    assert remark == (
        "1 of 4 masks hold only 0 and 63 beside masks up to white: masks/w2.png; their 63 is read "
        "as crack, as no mask holds it beside a brighter one; where it is none, say "
        "data.crack_values=[255]"
    )
    noise = line()
    noise[::9, ::9] = 63
    (tmp_path / "other").mkdir()
    assert decided(write(tmp_path / "other", line(255), line(255), noise)).remarks == ()


def dense(shape: tuple[int, int] = (256, 256)) -> np.ndarray:
    """A fifth of the pixels is crack, (H, W) bool."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    waves = rows + 8 * np.sin(columns / 9), columns + 8 * np.sin(rows / 11)
    return (waves[0] % 30 < 3) | (waves[1] % 30 < 3)


@pytest.mark.parametrize("quality", [95, 75, 60])
@pytest.mark.parametrize(
    ("ground", "crack"), [(BLACK, RED), (BLACK, (255, 255, 255)), ((255, 255, 255), RED)]
)
def test_masks_full_of_cracks_are_no_photographs(
    tmp_path: Path, quality: int, ground: tuple[int, int, int], crack: tuple[int, int, int]
) -> None:
    root = write(tmp_path, np.where(dense()[:, :, None], crack, ground).astype(np.uint8))
    (root / "masks" / "w0.png").unlink()
    truth = dense()
    picture = np.where(truth[:, :, None], crack, ground).astype(np.uint8)
    Image.fromarray(picture).save(root / "masks" / "w0.jpg", quality=quality)
    (pair,) = decided(root).inventory.pairs
    found = read_truth(root, pair.mask, truth.shape) > 127
    assert (found & truth).sum() > 0.5 * (found | truth).sum()


@pytest.mark.parametrize("floor", [0, 25, 60])
def test_a_soft_map_of_probabilities_is_no_photograph(tmp_path: Path, floor: int) -> None:
    truth = dense((40, 60)).astype(float)
    for _ in range(4):
        truth = (truth + np.roll(truth, 1, 0) + np.roll(truth, 1, 1) + np.roll(truth, -1, 1)) / 4
    truth[:, 20:] = 0
    soft = (floor + (255 - floor) * truth / truth.max()).astype(np.uint8)
    (pair,) = decided(write(tmp_path, soft)).inventory.pairs
    assert read_truth(tmp_path, pair.mask, (40, 60)).max() == 255


def test_a_grey_that_is_a_class_elsewhere_stays_one(tmp_path: Path) -> None:
    """It was read as crack in the files that hold no other, and as background in the others."""
    meaning = decided(write(tmp_path, line(85), line(85, 255), line(85, 170, 255)))
    assert meaning.remarks == ()
    assert all("=" not in pair.mask for pair in meaning.inventory.pairs)


def test_a_class_of_a_lossy_mask_is_not_lost_where_a_colour_is_chosen(tmp_path: Path) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[20:40], picture[60:100] = (255, 0, 0), (160, 0, 0)
    root = write(tmp_path, picture)
    (root / "masks" / "w0.png").unlink()
    Image.fromarray(picture).save(root / "masks" / "w0.jpg", quality=90)
    (pair,) = decided(root, colours={(255, 0, 0)}).inventory.pairs
    found = read_truth(root, pair.mask, (120, 160)) > 127
    assert found[22:38].all()
    assert not found[62:98].any()


@pytest.mark.parametrize("name", ["VIRIDIS", "JET", "MAGMA", "INFERNO", "HOT", "TURBO"])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_probabilities_in_false_colours_are_no_classes(
    tmp_path: Path, name: str, suffix: str
) -> None:
    """All of their colours but the background's were crack, or what is bright in the map."""
    root = write(tmp_path, line(255), line(255))
    crack = cv2.line(np.zeros((40, 60), np.uint8), (3, 5), (55, 30), 255, 3)
    soft = cv2.GaussianBlur(crack, (0, 0), 3)
    soft = cv2.convertScaleAbs(soft, alpha=255 / soft.max())
    painted = cv2.applyColorMap(soft, getattr(cv2, f"COLORMAP_{name}"))[:, :, ::-1]
    for number in range(2):
        (root / f"masks/w{number}.png").unlink()
        Image.fromarray(painted).save(root / f"masks/w{number}.{suffix}", quality=95)
    for pair in decided(root).inventory.pairs:
        with pytest.raises(UnreadableImageError, match="or like probabilities in false colours"):
            read_truth(root, pair.mask, (40, 60))


def test_shades_between_the_colours_of_classes_are_no_false_colours(tmp_path: Path) -> None:
    """A picture editor blends them where it makes masks larger."""
    mask = np.full((40, 60, 3), (68, 1, 84), np.uint8)
    mask[5:8] = (253, 231, 36)
    blended = cv2.resize(cv2.resize(mask, (180, 120), interpolation=cv2.INTER_CUBIC), (60, 40))
    assert rows_of_crack(decided(write(tmp_path, blended, blended))) == [FIRST] * 2


@pytest.mark.parametrize("black", [(0, 0, 3), (10, 0, 0), (0, 0, 4)])
def test_a_ground_that_is_nearly_black_is_no_class(
    tmp_path: Path, black: tuple[int, int, int]
) -> None:
    """Colour maps such as magma, inferno and hot begin so."""
    mask = np.full((40, 60, 3), black, np.uint8)
    empty = mask.copy()
    mask[5:8] = (252, 253, 191)
    assert rows_of_crack(decided(write(tmp_path, mask, empty))) == [FIRST, []]


def test_a_mask_that_can_be_read_by_now_is_read_as_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where other programs had taken the memory."""
    root = write(tmp_path / "set", line(1, 2), line(1, 2), line(1, shape=(80, 60)))
    pairs, chosen = find_pairs(root), CrackMeaning(frozenset({1}))
    for memory in (45_000, 10_000_000):
        monkeypatch.setattr(pixels, "available_memory", lambda memory=memory: memory)
        decided = decide_meaning(pairs, [root], chosen, tmp_path / "cache")
        read = [split_reference(pair.mask).encoding for pair in decided.inventory.pairs]
        assert read == ["v1", "v1", "v1" if memory > 45_000 else None]
