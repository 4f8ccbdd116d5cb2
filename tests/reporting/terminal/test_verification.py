"""What a terminal shows of a verification."""

from dataclasses import replace
from typing import Any

import pytest

from crackseg.data.analysis.problems import Problem
from crackseg.data.analysis.verify import Summary, Verification
from crackseg.data.discovery.pairs import Pair
from crackseg.reporting.terminal.verification import print_verification

pytestmark = pytest.mark.usefixtures("no_terminal")

SUMMARY = Summary(
    pairs=1234,
    empty=5,
    histogram=(9_000, *[10] * 14, 860),
    crack_share={0: 0.12345, 64: 0.1, 127: 0.0987},
    emptied={0: 0, 64: 1, 127: 77},
)
SOUND = Verification(
    root="/data/[walls]",
    overall=SUMMARY,
    sources={"CFD": SUMMARY},
    subsets={"": 1234},
    image_sizes={"400x300": 1234},
    mask_kinds={"grey": 1233, "zero_one": 1},
    images_without_mask=(),
    masks_without_image=(),
    mask_lines=("masks: black and white (0 and 255); white is crack",),
    problems=(),
)


def printed(capsys: pytest.CaptureFixture[str], **different: Any) -> list[str]:
    print_verification(replace(SOUND, **different))
    out = capsys.readouterr().out
    assert "…" not in out
    return [line.rstrip() for line in out.splitlines()]


def problem(kind: str, *stems: str, detail: str = "found so") -> Problem:
    return Problem(kind, tuple(Pair(stem, f"{stem}.jpg", f"{stem}.png") for stem in stems), detail)


def test_a_sound_data_set_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys)
    assert lines[0] == "/data/[walls]: 1,234 pairs"
    assert lines[-1] == "nothing here would spoil a training"
    assert not any(line.startswith(("error", "warning")) for line in lines)
    assert "sizes (width x height): 400x300 1,234" in lines
    assert "masks stored as: grey 1,233, only 0 and 1 (read as 0 and 255) 1" in lines
    assert not any(line.startswith("ready subsets") for line in lines)


def test_figures_stand_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    shares, values = [line.split() for line in printed(capsys) if line.strip().startswith("CFD")]
    assert shares == ["CFD", "1,234", "5", "12.35%", "10.00%", "9.87%", "1", "77"]
    assert values == ["CFD", "90.0", *["0.10"] * 14, "8.60"]


def test_the_heading_of_the_values_is_the_first_of_each_bin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heading = next(line.split() for line in printed(capsys) if line.split()[-1:] == ["240"])
    assert heading == ["source", *map(str, range(0, 256, 16))]


def test_a_long_name_takes_nothing_from_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, sources={"Rissbilder_for_Florian": SUMMARY})
    values = [line.split() for line in lines if "Rissbilder_for_Florian" in line][1]
    assert values[1:] == ["90.0", *["0.10"] * 14, "8.60"]


def test_several_sources_have_a_line_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert not any(line.strip().startswith("all ") for line in printed(capsys))
    lines = printed(capsys, sources={"CFD": SUMMARY, "": SUMMARY})
    assert sum(line.strip().startswith("all ") for line in lines) == 2
    assert sum(line.strip().startswith("(unknown) ") for line in lines) == 2


def test_ready_subsets_stand_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, subsets={"": 4, "test": 3, "train": 1000})
    assert "ready subsets: train 1,000, test 3, none 4" in lines


def test_errors_come_with_names_and_remedies(capsys: pytest.CaptureFixture[str]) -> None:
    problems = (
        *(problem("other_shape", f"w{one}", detail="mask 9x9, photograph 8x8") for one in range(7)),
        problem("other_shape", "x", detail="mask 7x9, photograph 8x8"),
        problem("near_duplicates", "a", "b", "c", detail="near duplicates"),
    )
    lines = printed(capsys, problems=problems)
    start = lines.index(
        "error   masks of another shape than their photograph: 8; training leaves them out; export "
        "them at the photographs' size, or turn them alike"
    )
    assert lines[start + 1 :] == [
        "        7 x mask 9x9, photograph 8x8: w0.jpg, w1.jpg, w2.jpg, w3.jpg, w4.jpg and 2 more",
        "        1 x mask 7x9, photograph 8x8: x.jpg",
        "warning photographs that stand there several times, resized, turned or recompressed: 1; "
        "data.split=grouped keeps the copies together, --exclude leaves all but one out",
        "        1 x near duplicates: a.jpg = b.jpg = c.jpg",
        "this would spoil a training: mend it, or leave 10 photographs out with a list that "
        "--exclude FILE writes",
    ]


def test_many_different_details_are_cut_short_and_said_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = tuple(problem("inverted", f"i{one}", detail=f"{one}%") for one in range(9))
    assert "        and 4 more; --json FILE names all" in printed(capsys, problems=problems)


def test_warnings_alone_spoil_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(
        capsys,
        images_without_mask=("a.jpg",),
        masks_without_image=tuple(f"m{one}.png" for one in range(6)),
        mask_lines=("masks: black and white (0 and 255); white is crack",),
    )
    assert lines[-5:] == [
        "warning images without a mask: 1; training leaves them out and says so",
        "        a.jpg",
        "warning masks without an image: 6; training leaves them out and says so",
        "        m0.png, m1.png, m2.png, m3.png, m4.png and 1 more",
        "nothing here would spoil a training",
    ]
