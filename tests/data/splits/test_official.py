"""Ready subsets are taken from folders or lists, and what does not fit is said."""

import logging
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.manifest import Row
from crackseg.data.splits.official import ready_subsets
from crackseg.data.splits.strategies import split_officially
from crackseg.errors import DatasetError


def rows_of(*images: str) -> list[Row]:
    return describe([Pair(Path(image).stem, image, f"masks/{image}") for image in images])


def write_list(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("image", "subset"),
    [
        ("train/images/x.png", "train"),
        ("images/val/x.png", "val"),
        ("Valid/images/x.png", "val"),
        ("validation/x.png", "val"),
        ("TEST/images/x.png", "test"),
        ("train_img/x.jpg", "train"),
        ("deepcrack/test-images/x.jpg", "test"),
        ("train/test/images/x.png", "test"),
    ],
)
def test_the_nearest_folder_tells(tmp_path: Path, image: str, subset: str) -> None:
    assert ready_subsets(rows_of(image), [tmp_path]) == {image: subset}


def test_other_folders_and_file_names_tell_nothing(tmp_path: Path) -> None:
    rows = rows_of("images/train.png", "training-data/x.png", "contest/y.png", "test/z.png")
    assert ready_subsets(rows, [tmp_path]) == {"test/z.png": "test"}


def test_lists_are_found_at_any_depth_and_in_any_spelling(tmp_path: Path) -> None:
    write_list(
        tmp_path / "Vol1/Final_Masks/train.txt", "CFD_1.png\r\n\r\nCFD_2\r\n  CFD_3.JPG  \r\n"
    )
    write_list(tmp_path / "Vol1/Final_Masks/Test.txt", "\ufeffImages/CFD_4.png\nImages\\CFD_5.jpg")
    write_list(tmp_path / "more/valid.txt", "./a/b/CFD_6.tif\n")
    write_list(tmp_path / "trained.txt", "CFD_7\n")
    rows = rows_of(*(f"Images/CFD_{i}.png" for i in range(1, 8)))
    ready = ready_subsets(rows, [tmp_path])
    assert [ready.get(row.image) for row in rows] == [*["train"] * 3, "test", "test", "val", None]


def test_a_name_may_hold_dots_and_blanks(tmp_path: Path) -> None:
    write_list(tmp_path / "train.txt", "wall 1.5\nwall 2.5.png\n亀裂 1.jpg\n")
    rows = rows_of("i/wall 1.5.png", "i/wall 2.5.png", "i/亀裂 1.png")
    assert set(ready_subsets(rows, [tmp_path])) == {row.image for row in rows}


def test_the_same_list_twice_is_harmless(tmp_path: Path) -> None:
    for folder in ("Vol1", "Vol1/Vol1"):
        write_list(tmp_path / folder / "train.txt", "CFD_1\n")
    assert ready_subsets(rows_of("i/CFD_1.png"), [tmp_path]) == {"i/CFD_1.png": "train"}


def test_lists_are_searched_as_other_files_are(tmp_path: Path) -> None:
    """Two links in a circle were followed without end."""
    write_list(tmp_path / "joined/train.txt", "CFD_1\n")
    write_list(tmp_path / "joined/.trash/test.txt", "CFD_1\n")
    try:
        for name in ("latest", "joined/above"):
            (tmp_path / name).symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert ready_subsets(rows_of("i/CFD_1.png"), [tmp_path]) == {"i/CFD_1.png": "train"}


def test_folders_go_before_lists_and_lists_say_the_rest(tmp_path: Path) -> None:
    write_list(tmp_path / "joined/test.txt", "a\nb\n")
    ready = ready_subsets(rows_of("train/a.png", "joined/b.png"), [tmp_path])
    assert ready == {"train/a.png": "train", "joined/b.png": "test"}


def test_names_that_are_of_no_pair_are_counted_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_list(tmp_path / "train.txt", "CFD_1\nCFD_8\n")
    write_list(tmp_path / "test.txt", "CFD_2\nCFD_9\n")
    with caplog.at_level(logging.WARNING, "crackseg"):
        ready = ready_subsets(rows_of("i/CFD_1.png", "i/CFD_2.png"), [tmp_path])
    assert ready == {"i/CFD_1.png": "train", "i/CFD_2.png": "test"}
    (message,) = caplog.messages
    assert message.startswith("2 names in the lists of ready subsets are of no pair, left out: ")
    assert {"CFD_8", "CFD_9"} <= set(message.replace(",", " ").split())


def test_a_name_in_two_lists_is_refused(tmp_path: Path) -> None:
    train = write_list(tmp_path / "a/train.txt", "CFD_1\nCFD_2\nCFD_3\n")
    test = write_list(tmp_path / "test.txt", "CFD_3.png\nimages/CFD_2.png\n")
    with pytest.raises(DatasetError) as caught:
        ready_subsets(rows_of("i/CFD_1.png"), [tmp_path])
    assert str(caught.value) == (
        f"{train} and {test}: 2 names stand in both, so that subsets overlap: CFD_2, CFD_3; take "
        "them out of one"
    )


def test_a_list_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    path = write_list(tmp_path / "train.txt", b"\xff\xfe\x00CFD")
    with pytest.raises(DatasetError) as caught:
        ready_subsets(rows_of("i/CFD_1.png"), [tmp_path])
    assert str(caught.value).startswith(f"{path}: cannot be read as a list of names (")


def test_no_ready_subsets_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        split_officially(rows_of("i/CFD_1.png"), [tmp_path / "a", tmp_path / "b"])
    assert str(caught.value) == (
        f"{tmp_path / 'a'}, {tmp_path / 'b'}: no ready subsets here. Looked for folders train, val "
        "and test above the images, and for train.txt and test.txt at any depth; divide with "
        "data.split=grouped instead"
    )
