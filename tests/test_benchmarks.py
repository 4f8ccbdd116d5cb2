"""The benchmarks still run; what they measure is no test."""

import importlib
import json
import math
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import growth as growth_module
from benchmarks.environment import requirements
from benchmarks.goals import GOALS, judge
from benchmarks.growth import Growth, Point
from benchmarks.inputs import Exported, Inputs, Options
from benchmarks.machine import Machine
from benchmarks.measurement import (
    IMAGES_PER_SECOND,
    MEMORY,
    SECONDS,
    Figure,
    Outcome,
    Piece,
    Work,
    gflops,
    slope,
    spread,
    times_faster,
)
from benchmarks.peers.ours import from_files, step
from benchmarks.peers.pytorch import build
from benchmarks.plot import draw_growth
from benchmarks.process import PieceError, calling, run_piece
from benchmarks.run import WORKS, main, run_rounds
from benchmarks.settings import TRAININGS, WEIGHTS
from benchmarks.table import Results, as_markdown, as_plain, grids
from benchmarks.training import files_name
from crackseg.models import build_network
from crackseg.workflows.train import TrainResult

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MACHINE = Machine("a processor", 2, 8.0, ("avx2",), False, "Linux", {"torch": "2"})
# Of the peers' own environment.
FOREIGN = ("benchmarks.peers.keras",)


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """Inputs of which nothing was made, with a peer and the int8 file missing."""
    made = Inputs(Options(tmp_path, 0.0, 1, None, None, None, bfloat16=False))
    for name in ("files", "checkpoint", "photograph"):
        monkeypatch.setattr(made, name, lambda *_: tmp_path)
    exported = Exported(tmp_path, {"train 128": 3.0, "train 256": 12.0, "infer": 1.0})
    vars(made).update(
        weights=tmp_path,
        model=exported,
        int8=Exported(tmp_path, missing="no --int8 yet"),
        report_work=exported.work,
        exports={
            "pytorch": exported,
            "smp": exported,
            "monai": Exported(tmp_path, missing="not installed: 'monai'"),
        },
    )
    return made


def fake(contender: str, code: str) -> Piece:
    return Piece(contender, "crackseg", ("-S", "-c", code))


def fake_work(*pieces: Piece, every: int = 1) -> Work:
    return Work("counting", (SECONDS, MEMORY), pieces, pieces[0].contender, every)


def test_thin_structures_measures_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        mask = np.zeros((40, 48), np.uint8)
        mask[20:23] = 255
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    monkeypatch.setattr(sys, "argv", ["thin_structures.py", str(tmp_path)])
    runpy.run_path(str(BENCHMARKS / "thin_structures.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.startswith("2 masks of 48x40: 2 3-6 px")
    assert "bootstrap of ODS, 10,000 images" in out


def test_every_benchmark_finds_what_it_imports() -> None:
    modules = [
        ".".join(path.relative_to(BENCHMARKS.parent).with_suffix("").parts)
        for path in BENCHMARKS.rglob("*.py")
        if ".venv" not in path.parts
    ]
    ours = sorted(set(modules) - set(FOREIGN))
    assert {"benchmarks.run", "benchmarks.data_road", "benchmarks.peers.ours"} <= set(ours)
    assert [importlib.import_module(name).__name__ for name in ours] == ours


def test_peers_are_pinned_and_none_is_a_dependency_of_the_package() -> None:
    project = (BENCHMARKS.parent / "pyproject.toml").read_text(encoding="utf-8")
    names, versions = zip(*(one.split("==") for one in requirements()), strict=True)
    assert all(versions)
    # OpenVINO is both: an engine of the package, and a runtime of the peers' own exports.
    assert [name for name in names if f'"{name}' in project] == ["openvino"]


def test_spread_is_the_median_with_its_range() -> None:
    found = spread([3.0, 1.0, 7.0])
    assert found is not None
    assert (found.median, found.least, found.most, found.count) == (3.0, 1.0, 7.0, 3)
    assert spread([]) is None


def test_ratios_compare_rounds_with_themselves() -> None:
    # Both were four times slower in the second round; the third is missing of one of them.
    ours = Outcome({0: {"seconds": 1.0}, 1: {"seconds": 4.0}})
    theirs = Outcome({0: {"seconds": 3.0}, 1: {"seconds": 12.0}, 2: {"seconds": 1.0}})
    assert times_faster(SECONDS, ours, theirs) == 3.0
    assert times_faster(SECONDS, theirs, ours) == pytest.approx(1 / 3)
    assert times_faster(SECONDS, ours, Outcome()) is None


def test_ratios_of_rates_are_those_of_speed() -> None:
    fast, slow = (Outcome({0: {"images/s": rate}}) for rate in (60.0, 20.0))
    assert times_faster(IMAGES_PER_SECOND, fast, slow) == 3.0


def test_arithmetic_is_work_times_images_a_second() -> None:
    piece = Piece("one", "crackseg", (), gflop=2.0)
    assert gflops(IMAGES_PER_SECOND, piece, 10.0) == 20.0
    assert gflops(Figure("batch 16", "ms", 1000, images=16), piece, 0.5) == 64.0
    assert gflops(SECONDS, piece, 0.5) is None
    assert gflops(IMAGES_PER_SECOND, Piece("one", "crackseg", ()), 10.0) is None


def test_slope_is_the_power_of_growth() -> None:
    amounts = [1.0, 4.0, 16.0]
    assert slope(amounts, [3 * one for one in amounts]) == pytest.approx(1.0)
    assert slope(amounts, [one**1.5 for one in amounts]) == pytest.approx(1.5)


def test_growth_subtracts_start_up_from_medians() -> None:
    growth = Growth("pixels", 2.0, (Point(1, (3.0, 9.0, 2.5)), Point(10, (12.0, 12.0, 12.0))))
    assert growth.costs == [1.0, 10.0]
    assert growth.slope == pytest.approx(1.0)


def test_growth_is_that_of_one_amount_where_processes_work_through_several(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = inputs.folder / "one.jpg"
    photograph.write_bytes(b"")
    monkeypatch.setattr(inputs, "photograph", lambda *sides: photograph)
    begun: list[str] = []

    def run(piece: Piece) -> dict[str, float]:
        (path,) = [Path(one) for one in piece.arguments if one.startswith(str(inputs.folder))][:1]
        begun.append(path.name)
        count = len(list(path.iterdir())) if path.is_dir() else 0
        return {"seconds": 2.0 + 3.0 * count, "cpu": 1.0 + count}

    monkeypatch.setattr(growth_module, "run_piece", run)
    images, pixels = growth_module.measure_growth(inputs, 3, iter)
    assert (images.start, images.costs) == (2.0, [48.0, 192.0, 768.0])
    assert images.slope == pytest.approx(1.0)
    assert pixels.costs == [3.0] * 4
    assert [round(point.amount) for point in pixels.points] == [1, 6, 24, 100]
    assert begun == begun[:8] * 3
    by_cpu = growth_module.measure_growth(inputs, 1, iter, "cpu")
    assert (by_cpu[0].start, by_cpu[0].costs) == (1.0, [16.0, 64.0, 256.0])
    assert "medians of 1, processor time" in as_markdown(Results(MACHINE, [], {}, by_cpu))


def test_runner_gives_figures_and_takes_turns(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    writes = "open({!r}, 'a').write({!r})"
    work = fake_work(*(fake(name, writes.format(str(diary), name)) for name in "abc"))
    outcomes = run_rounds([work], 2, math.inf)
    assert diary.read_text() == "abcbca"
    readings = outcomes["counting", "a"].readings
    assert sorted(readings) == [0, 1]
    assert readings[0]["seconds"] > 0
    assert readings[0]["memory"] > 1


def test_runner_begins_no_round_that_would_end_too_late() -> None:
    outcomes = run_rounds([fake_work(fake("a", ""))], 9, 0.0)
    assert sorted(outcomes["counting", "a"].readings) == [0]


def test_runner_leaves_long_works_out_of_some_rounds() -> None:
    work = fake_work(fake("a", ""), every=2)
    assert sorted(run_rounds([work], 3, math.inf)["counting", "a"].readings) == [0, 2]


def test_function_in_a_process_of_its_own_gives_its_figures() -> None:
    piece = Piece(
        "one",
        "crackseg",
        calling("benchmarks.clock:images_per_second", ends=[0, 9, 10, 12], images=6),
    )
    assert run_piece(piece)["images/s"] == 3.0


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        (fake("a", "import there_is_none"), "not installed: 'there_is_none'"),
        (fake("a", "raise ValueError('too small')"), "ValueError: too small"),
        (fake("a", "import sys; sys.exit(3)"), "ended with 3"),
        (Piece("a", "crackseg", (), missing="no int8 yet"), "no int8 yet"),
    ],
)
def test_piece_that_cannot_run_is_named_with_the_reason(piece: Piece, reason: str) -> None:
    with pytest.raises(PieceError, match=reason):
        run_piece(piece)
    outcomes = run_rounds([fake_work(piece)], 1, math.inf)
    [grid] = grids(Results(MACHINE, [fake_work(piece)], outcomes, []))[:1]
    assert grid.rows[0][:2] == ("a", outcomes["counting", "a"].failure)
    assert reason in grid.rows[0][1]


def test_waiting_takes_no_processor_time() -> None:
    waited = run_piece(fake("a", "import time; time.sleep(0.5)"))
    assert waited["seconds"] > 0.5 > 0.3 > waited["cpu"] > 0


def test_memory_is_that_of_the_piece_and_not_of_what_started_it() -> None:
    # torch is loaded here.
    assert run_piece(fake("a", ""))["memory"] < 50
    assert 100 < run_piece(fake("a", "bytearray(100_000_000)"))["memory"] < 150


def test_peers_without_an_environment_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHMARK_PEERS", str(tmp_path / "python"))
    with pytest.raises(PieceError, match="not installed"):
        run_piece(Piece("Keras", "peers", ("-c", "")))


def test_tables_hold_medians_ranges_and_ratios() -> None:
    work = Work(
        "w", (IMAGES_PER_SECOND, MEMORY), (_rated("PyTorch"), _rated("crackseg")), "PyTorch"
    )
    outcomes = {
        ("w", "PyTorch"): Outcome({0: _reading(10.0), 1: _reading(20.0)}),
        ("w", "crackseg"): Outcome({0: _reading(30.0), 1: _reading(40.0)}),
        ("largest matrix product", "this machine"): Outcome({0: {"float32": 100.0}}),
    }
    results = Results(MACHINE, [work], outcomes, [])
    assert grids(results)[0].rows == (
        ("PyTorch", "15.0 (10.0-20.0)", "1.00", "30.0 (30% of float32)", "500 (500-500)"),
        ("crackseg", "35.0 (30.0-40.0)", "2.50", "70.0 (70% of float32)", "500 (500-500)"),
    )
    markdown = as_markdown(results)
    assert markdown.startswith("a processor, 2 cores")
    assert "| crackseg | 35.0 (30.0-40.0) | 2.50 |" in markdown
    plain = json.loads(json.dumps(as_plain(results)))
    assert plain["works"][0]["contenders"][1]["times_baseline"] == {"images/s": 2.5}


def test_goals_say_what_was_reached() -> None:
    name = files_name(TRAININGS[0])
    work = Work(name, (IMAGES_PER_SECOND,), (_rated("crackseg"), _rated("Keras")), "Keras")
    outcomes = {
        (name, "crackseg"): Outcome({0: _reading(40.0)}),
        (name, "Keras"): Outcome({0: _reading(20.0)}),
    }
    [without] = judge([work], outcomes, [], bfloat16=False)
    assert (without.goal, without.reached, without.met) == (">= 1.5", 2.0, True)
    [with_it] = judge([work], outcomes, [], bfloat16=True)
    assert (with_it.goal, with_it.reached, with_it.met) == (">= 2.5", 2.0, False)
    outcomes[name, "Keras"] = Outcome(failure="not installed")
    [unknown] = judge([work], outcomes, [], bfloat16=False)
    assert (unknown.reached, unknown.met) == (None, False)


def test_goals_and_baselines_are_of_contenders_that_exist(inputs: Inputs) -> None:
    works = {work.name: work for make in WORKS.values() for work in make(inputs)}
    for work in works.values():
        assert work.baseline in {piece.contender for piece in work.pieces}
    for goal in GOALS:
        contenders = {piece.contender for piece in works[goal.work].pieces}
        assert {*goal.ours, goal.against} <= contenders


def test_networks_that_could_not_be_exported_are_missing_rows(inputs: Inputs) -> None:
    [work] = WORKS["inference"](inputs)
    missing = {piece.contender: piece.missing for piece in work.pieces if piece.missing}
    assert missing == {
        "crackseg, ONNX Runtime int8": "no --int8 yet",
        "crackseg, OpenVINO int8": "no --int8 yet",
        "MONAI BasicUNet, ONNX Runtime": "not installed: 'monai'",
        "MONAI BasicUNet, OpenVINO": "not installed: 'monai'",
    }


def test_growth_is_drawn(tmp_path: Path) -> None:
    growth = Growth("pixels", 0.1, (Point(1, (1.0, 1.1)), Point(4, (4.0, 4.2))))
    draw_growth([growth, growth], tmp_path / "growth.png")
    assert Image.open(tmp_path / "growth.png").size == (1080, 480)


@pytest.mark.slow
def test_our_own_training_step_can_be_timed(
    trained: TrainResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crackseg.system.runtime.prepare_process", lambda: None)
    timed = step(str(trained.checkpoint), 64, 2, 0.01)
    assert set(timed) == {"first step", "images/s"}
    assert timed["images/s"] > 0


@pytest.mark.parametrize(("ours", "theirs"), [("unet", "default"), ("unet_paper", "report")])
def test_plain_networks_are_those_of_the_package(tmp_path: Path, ours: str, theirs: str) -> None:
    network = build_network(ours, {}).eval()
    weights = tmp_path / "weights.pt"
    torch.save(list(network.state_dict().values()), weights)
    plain = build(theirs, str(weights)).eval()  # type: ignore[arg-type]
    assert sum(one.numel() for one in network.parameters()) == WEIGHTS[theirs]  # type: ignore[index]
    image = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        torch.testing.assert_close(plain(image), network(image))


def test_unknown_rows_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rows", "trainings"])
    assert "invalid choice: 'trainings'" in capsys.readouterr().err


def _rated(name: str) -> Piece:
    return Piece(name, "crackseg", (), gflop=2.0)


def _reading(rate: float) -> dict[str, float]:
    return {"images/s": rate, "memory": 500.0}


def test_our_training_has_a_folder_of_its_own_in_every_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's folder is never used twice, so that the second round failed."""
    commands: list[list[str]] = []

    def ends(command: list[str]) -> list[float]:
        commands.append(command)
        return [1.0, 2.0, 3.0]

    monkeypatch.setattr("benchmarks.peers.ours._epoch_ends", ends)
    monkeypatch.setattr("benchmarks.peers.ours.files_of", lambda folder, subset: [folder] * 64)
    output = tmp_path / "ours-report-128"
    for _ in range(2):
        timed = from_files("report", 128, 64, 3, str(tmp_path), str(output))
        assert timed == {"images/s": 64.0}
    folders = [one for command in commands for one in command if one.startswith("hydra.run.dir=")]
    assert len(set(folders)) == 2
    assert not any(tmp_path.iterdir())
