"""``crackseg data explore``: what it writes, says and refuses."""

from pathlib import Path

import pytest

from crackseg.cli.main import main
from tests.helpers.data_sets import write_archive

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache lies below the working folder."""
    monkeypatch.chdir(tmp_path)


def test_the_page_is_written_and_named(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(archive.rglob("*"))
    assert (
        main(["data", "explore", str(archive), "--mask-threshold", "64", "--image-size", "32"]) == 0
    )
    random, grouped, last = capsys.readouterr().out.splitlines()
    assert random.startswith("data.split=random: no leak: none of 2 val and 2 test items")
    assert grouped.startswith("data.split=grouped: no leak: none of 2 val and 2 test items")
    page = Path("outputs/exploration/index.html")
    assert last == f"look at {page}; its pictures lie beside it as PNG files"
    text = (tmp_path / page).read_text(encoding="utf-8")
    assert "masks cut at &gt; 64" in text
    assert "32 \N{MULTIPLICATION SIGN} 32" in text
    assert sorted(archive.rglob("*")) == before


def test_several_roots_make_one_page(tmp_path: Path) -> None:
    roots = [write_archive(tmp_path / "data" / name, count=2) for name in ("one", "two")]
    assert (
        main(["data", "explore", *map(str, roots), "--output", "page", "--image-size", "32"]) == 0
    )
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert f'<p class="where">{tmp_path / "data"}</p>' in text
    assert "photographs that stand there several times, equal pixel for pixel" in text


@pytest.mark.parametrize("inside", ["", "Final-Dataset-Vol1/new"])
def test_no_picture_is_written_among_the_photographs(
    archive: Path, inside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = archive / inside
    assert main(["data", "explore", str(archive), "--output", str(output)]) == 2
    assert capsys.readouterr().err == (
        f"error: --output {output}: lies in {archive}, where its pictures would be taken for "
        "photographs; name a folder elsewhere\n"
    )
    assert not (archive / "index.html").exists()


@pytest.mark.parametrize(
    ("option", "value", "bounds"),
    [
        ("--mask-threshold", "255", "0 to 254"),
        ("--mask-threshold", "-1", "0 to 254"),
        ("--mask-threshold", "half", "0 to 254"),
        ("--image-size", "0", "8 to 4096"),
        ("--image-size", "12.5", "8 to 4096"),
    ],
)
def test_numbers_out_of_bounds_are_refused(
    option: str, value: str, bounds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["data", "explore", "walls", f"{option}={value}"])
    assert left.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith(f"argument {option}: {value!r} is no whole number from {bounds}")


def test_a_folder_without_photographs_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "walls").mkdir()
    assert main(["data", "explore", "walls"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: walls: no data set here (0 images and 0 masks, but no pair)")
    assert error.count("\n") == 1
    assert not Path("outputs").exists()
