"""Searches as a user starts them, with trainings that take a second."""

import json
import re
import shlex
import signal
from pathlib import Path
from shutil import copytree

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from crackseg.checkpoint import read_checkpoint
from crackseg.cli.main import main as crackseg
from crackseg.config.overrides import shell_override
from crackseg.config.paths import absolute
from crackseg.config.schema import TrainConfig, read_config, write_config
from crackseg.config.search_schema import TuneConfig, register_search_schema
from crackseg.errors import ConfigError, StudyError
from crackseg.launch.entrypoint import to_dataclass
from crackseg.runs.reader import read_jobs
from crackseg.runs.record import BEST, LAST, read_record
from crackseg.runs.search_record import SearchRecord, read_search
from crackseg.search.folder import SETTINGS, expand_search_resume, joined
from crackseg.search.trial import _refuse_other_run
from crackseg.search.tuning import tune
from tests.helpers.commands import CONF
from tests.helpers.doors import Door, wait_for
from tests.helpers.settings import composed

SPACE = ["search=default", "+search.space.optimizer.lr=[0.001,0.002]", "search.pruner=none"]


class Search(Door):
    """``python tune.py`` on a small archive."""

    def __init__(self, archive: Path, folder: Path) -> None:
        super().__init__("tune.py", archive, folder)

    def record(self, name: str) -> SearchRecord:
        record = read_search(self.folder / name)
        assert record is not None
        return record


@pytest.fixture
def search(archive: Path, tmp_path: Path) -> Search:
    return Search(archive, tmp_path)


@pytest.fixture(scope="module")
def searched(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Search, str, str]:
    """A search of two trials with a condition, and what it said; not to be changed."""
    search = Search(archive, tmp_path_factory.mktemp("searched"))
    (search.folder / "conf" / "search").mkdir(parents=True)
    (search.folder / "conf" / "search" / "mine.yaml").write_text(
        "defaults: [default, _self_]\n"
        "space:\n"
        "  loss: [bce_dice, weighted_bce]\n"
        "  loss.terms.dice: {low: 0.5, high: 2.0, when: {loss: bce_dice}}\n"
        "  optimizer.lr: {low: 1.0e-4, high: 1.0e-2, log: true}\n"
    )
    given = [
        "--config-dir=conf",
        "search=mine",
        "search.trials=2",
        "search.pruner=none",
        "scheduler=cosine",
        "hydra.run.dir=found",
    ]
    code, printed, said = search.run(*given, *search.settings)
    assert code == 0, said
    return search, printed, said


def test_every_trial_is_a_run_like_any_other(searched: tuple[Search, str, str]) -> None:
    search, _, _ = searched
    runs = read_jobs(search.folder / "found")
    assert [(run.folder.name, run.state) for run in runs] == [
        ("trial-0000", "done"),
        ("trial-0001", "done"),
    ]
    for run, trial in zip(runs, search.record("found").trials, strict=True):
        assert set(run.varied) == set(trial.settings)
        assert {key: run.overrides[key] for key in run.varied} == trial.settings
        assert trial.figure == run.figure("val/crack_iou")
        assert len(trial.curve) == 2
        assert read_config(run.folder / "config.yaml").optimizer.lr == float(
            trial.settings["optimizer.lr"]
        )


def test_it_says_what_it_found_and_how_to_go_on(searched: tuple[Search, str, str]) -> None:
    search, printed, said = searched
    best = search.record("found").best
    assert best is not None
    assert f"best: trial {best.number}, val/crack_iou {best.figure:.4f}: loss=" in printed
    assert "2 trials: 2 done; 4 epochs, of 4 if all went to their end" in printed
    assert "train.py --config-dir found experiment=found" in printed
    assert re.search(r"INFO: trial 1: val/crack_iou \S+; the best so far is", said)
    assert (search.folder / "found" / "sweep.md").is_file()


def test_the_best_settings_compose_to_the_best_run(searched: tuple[Search, str, str]) -> None:
    search, _, _ = searched
    folder = search.folder / "found"
    best = search.record("found").best
    assert best is not None
    saved = read_config(folder / best.runs[0] / "config.yaml")
    register_search_schema()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        paths = f"hydra.searchpath=[file://{folder}]"
        config = OmegaConf.to_object(compose("train", ["experiment=found", paths]))
    assert isinstance(config, TrainConfig)
    for part in ("model", "loss", "optimizer", "scheduler", "callbacks", "seed"):
        assert getattr(config, part) == getattr(saved, part)
    assert config.trainer.max_epochs == 2
    assert (config.data.image_size, config.data.root) == (32, saved.data.root)
    # What belongs to this machine is not in it.
    assert config.trainer.accelerator == "auto"


def test_runs_lists_a_search_and_how_to_go_on(
    searched: tuple[Search, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    search, _, _ = searched
    assert crackseg(["runs", str(search.folder / "found")]) == 0
    assert "2 jobs: 2 done" in capsys.readouterr().out


@pytest.mark.slow
def test_a_page_shows_the_search(searched: tuple[Search, str, str], tmp_path: Path) -> None:
    search, _, _ = searched
    page = tmp_path / "page.html"
    assert crackseg(["report", str(search.folder / "found"), "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert '<h2 id="search-title">The search</h2>' in text
    assert "2 trials: 2 done" in text
    assert re.search(r"The best is trial \d, val/crack_iou\s+0\.\d{4}, with loss=", text)
    assert text.count('alt="Dots: val/crack_iou of each trial in turn"') >= 1


@pytest.mark.slow
def test_a_killed_search_goes_on_to_the_bit(search: Search) -> None:
    """The trial that the process died in is gone on with, and ends as if nothing had been."""
    given = [*SPACE, *search.settings, "search.trials=1", "trainer.max_epochs=8"]
    code, _, said = search.run(*given, "hydra.run.dir=whole")
    assert code == 0, said
    killed = search.start(*given, "hydra.run.dir=killed")
    first = search.folder / "killed" / "trial-0000"
    wait_for((first / LAST).is_file)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert read_record(first)["state"] == "running"
    code, _, said = search.run("search.resume=killed")
    assert code == 0, said
    died, done = search.record("killed").trials
    assert (died.state, done.state) == ("died", "done")
    assert died.runs == done.runs == ("trial-0000",)
    assert len(read_record(first)["resumed"]) == 1
    pairs = zip(
        read_jobs(search.folder / "whole"), read_jobs(search.folder / "killed"), strict=True
    )
    for whole, resumed in pairs:
        before, now = (read_checkpoint(run.folder / BEST) for run in (whole, resumed))
        assert before.parameters.threshold == now.parameters.threshold
        weights = now.network_weights
        for name, tensor in before.network_weights.items():
            assert torch.equal(tensor, weights[name]), name


@pytest.mark.slow
def test_a_signal_ends_a_search_in_words_and_another_process_goes_on(search: Search) -> None:
    given = [*SPACE, *search.settings, "search.trials=1", "trainer.max_epochs=12"]
    stopped = search.start(*given, "hydra.run.dir=s")
    wait_for((search.folder / "s" / "trial-0000" / LAST).is_file)
    stopped.send_signal(signal.SIGTERM)
    done = stopped.wait()
    assert done.returncode == 143
    assert "stopped by SIGTERM; go on with: " in done.stderr
    assert "tune.py search.resume=s" in done.stderr
    assert read_record(search.folder / "s" / "trial-0000")["state"] == "interrupted"
    # The same command in the same folder does it too.
    code, _, said = search.run(*given, "hydra.run.dir=s")
    assert code == 0, said
    assert [trial.state for trial in search.record("s").trials] == ["died", "done"]


@pytest.mark.slow
def test_processes_share_the_trials(search: Search) -> None:
    space = "+search.space.optimizer.lr={low:1e-4,high:1e-2,log:true}"
    given = ["search=default", space, "search.pruner=none", *search.settings, "search.trials=5"]
    workers = [search.start(*given, "hydra.run.dir=shared") for _ in range(2)]
    for worker in workers:
        done = worker.wait()
        assert done.returncode == 0, done.stderr
    record = search.record("shared")
    assert [trial.state for trial in record.trials] == ["done"] * 5
    assert len(read_jobs(search.folder / "shared")) == 5
    assert [run.state for run in read_jobs(search.folder / "shared")] == ["done"] * 5


def test_a_trial_that_fails_is_told_of_and_the_others_go_on(search: Search) -> None:
    given = ["search=default", "search.sampler=grid", "+search.space.optimizer.lr=[0.001,1e30]"]
    code, printed, said = search.run(*given, *search.settings, "hydra.run.dir=f")
    assert code == 1
    done, failed = search.record("f").trials
    assert (done.state, failed.state) == ("done", "failed")
    assert "trial 1 failed, the search goes on: " in said
    assert failed.reason in said
    assert "2 trials: 1 done, 1 failed" in printed


@pytest.mark.slow
def test_trials_that_fail_one_after_another_end_a_search(search: Search) -> None:
    given = ["search=default", "+search.space.optimizer.lr=[1e28,1e29,1e30,2e30]"]
    code, _, said = search.run(*given, *search.settings, "hydra.run.dir=f")
    assert code == 2
    assert re.search(r"error: 3 trials failed one after another, the last one by: .*; if", said)
    trained = [trial for trial in search.record("f").trials if trial.state != "same"]
    assert [trial.state for trial in trained] == ["failed"] * 3


@pytest.mark.slow
def test_several_seeds_are_compared_by_their_mean(search: Search) -> None:
    given = ["search=default", "+search.space.optimizer.lr=[0.001]", "search.seeds=[3,5]"]
    code, _, said = search.run(*given, *search.settings, "search.trials=1", "hydra.run.dir=m")
    assert code == 0, said
    (trial,) = search.record("m").trials
    assert trial.runs == ("trial-0000-seed-3", "trial-0000-seed-5")
    runs = read_jobs(search.folder / "m")
    assert [read_config(run.folder / "config.yaml").seed for run in runs] == [3, 5]
    figures = [run.figure("val/crack_iou") or 0.0 for run in runs]
    assert trial.figure == pytest.approx(sum(figures) / 2)


@pytest.mark.slow
def test_large_networks_are_passed_over_and_long_trainings_ended(search: Search) -> None:
    space = ["search=default", "search.sampler=grid", "search.most_weights=10000"]
    given = [*space, "+search.space.model.base_channels=[4,32]", *search.settings[:-5]]
    settings = ["model.depth=2", "trainer.accelerator=cpu", "trainer.max_epochs=2", "logger=csv"]
    code, _, said = search.run(*given, *settings, "hydra.run.dir=w")
    assert code == 0, said
    small, large = search.record("w").trials
    assert (small.state, large.state) == ("done", "pruned")
    assert large.reason.endswith("weights, more than search.most_weights=10,000")
    assert not (search.folder / "w" / "trial-0001").exists()
    given = [*SPACE, "search.trials=1", "search.most_minutes=0.0001", *search.settings]
    code, printed, said = search.run(*given, "hydra.run.dir=t")
    assert code == 0, said
    (ended,) = search.record("t").trials
    assert (ended.state, len(ended.curve)) == ("pruned", 1)
    assert "more than search.most_minutes=0.0001" in ended.reason
    assert read_jobs(search.folder / "t")[0].state == "pruned"
    assert "no trial is done yet" in printed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("search=default", "search.space: nothing to search through; search=ranges"),
        ("search.sampler=tpee", "search.sampler=tpee: one of tpe, random, grid; did you mean tpe"),
        ("search.pruner=hyper", "search.pruner=hyper: one of median, hyperband, none"),
        ("search.trials=0", "search.trials=0: at least 1"),
        (
            "search.sampler=grid +search.space.model.dropout={low:0.0,high:0.5}",
            "search.sampler=grid: model.dropout can have any value",
        ),
        ("search.seeds=[1,1]", "search.seeds=[1, 1]: some different seeds"),
        ("search.most_weights=0", "search.most_weights=0: greater than 0"),
        ("search.objective=test/crack_iou", "search.objective=test/crack_iou: one of val/"),
        ("search.resume=x", "search.resume: type it as search.resume=FOLDER"),
        ("sweep.objective=val/dice", "sweep.objective=val/dice: is for train.py -m"),
        ("search.space={}", "search.space={}: an empty table takes nothing away"),
        ("+search.space.model.dropuot=[2]", "model.dropuot"),
        ("+search.space.model.dropout=[0.1,9]", "model.dropout=9.0: at least 0 and below 1"),
        ("+search.space.model.depth=[2,3]", "model.depth=2: would be ignored, as model.depth"),
        ("search.sampler=grid search.trials=3", "search.trials=3: would be ignored, a grid"),
        ("search.seeds=[-1]", "search.seeds=-1: at least 0"),
        ("trainer.devices=2", "trainer.devices=2, trainer.num_nodes=1: a trial is one process"),
    ],
)
def test_mistakes_are_said_before_the_first_trial(search: Search, given: str, message: str) -> None:
    space = [] if given.startswith("search=") else SPACE
    overrides = [*space, *search.settings, *given.split()]
    register_search_schema()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = to_dataclass(compose("tune", overrides))
        with pytest.raises(ConfigError) as refused:
            tune(config, overrides, search.folder / "x")
    assert message in str(refused.value)
    assert not (search.folder / "x").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["-m"], "tune.py -m: a search draws its trials itself; leave out -m"),
        (["search.resume=nowhere"], "nowhere: not a search (there is no such folder)"),
        (["search.resume=.", "seed=1"], "seed=1: cannot be given with search.resume"),
    ],
)
def test_command_lines_that_make_no_sense_are_refused(given: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        expand_search_resume(given)
    assert message in str(refused.value)


def test_another_search_in_the_same_folder_is_refused(searched: tuple[Search, str, str]) -> None:
    search, _, _ = searched
    code, _, said = search.run(*SPACE, *search.settings, "hydra.run.dir=found")
    assert code == 2
    assert "found holds a search with other settings" in said
    assert "search.space.optimizer.lr: [0.001, 0.002] here" in said


def test_a_resumed_search_takes_its_own_settings_and_those_that_may_change(tmp_path: Path) -> None:
    overrides = ["search=paper", "search.trials=3", "data.root=photographs/here"]
    joined(tune_config(*overrides), overrides, tmp_path, config_dir="mine")
    expanded = expand_search_resume([f"search.resume={tmp_path}", "search.trials=9"])
    assert expanded[0] == f"--config-dir={Path('mine').resolve()}"
    assert expanded[1] == "search=paper"
    # It holds from any other folder.
    assert f"data.root={Path('photographs/here').resolve()}" in expanded
    assert "search.trials=9" in expanded
    assert "search.trials=3" not in expanded
    assert expanded[-1] == f"hydra.run.dir={tmp_path}"
    assert joined(tune_config(*expanded[1:-1]), expanded[1:-1], tmp_path) == "search"


def test_a_folder_is_resumed_as_it_is_advised(tmp_path: Path) -> None:
    folder = tmp_path / "my walls, lr=1"
    folder.mkdir()
    joined(tune_config("search=paper"), ["search=paper"], folder)
    # What the shell makes of the line that Ctrl-C prints.
    (typed,) = shlex.split(shell_override("search.resume", folder))
    assert expand_search_resume([typed])[0] == "search=paper"
    assert expand_search_resume(["search.resume=null"]) == ["search.resume=null"]
    cfg = expand_search_resume([typed, "--cfg", "job"])
    assert cfg[:2] == ["--cfg", "job"]


def test_damaged_settings_are_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text("overrides: [")
    with pytest.raises(ConfigError, match=r"search.yaml: damaged \(.*\); its trials can be looked"):
        expand_search_resume([f"search.resume={tmp_path}"])


def test_another_storage_is_another_search(tmp_path: Path) -> None:
    joined(tune_config("search=paper"), ["search=paper"], tmp_path)
    other = ["search=paper", "search.storage=journal"]
    with pytest.raises(ConfigError, match=r"search.storage: journal here, None in the search"):
        joined(tune_config(*other), other, tmp_path)


def test_a_study_that_is_gone_is_told_of(searched: tuple[Search, str, str]) -> None:
    search, _, _ = searched
    copy = search.folder / "copy"
    copytree(search.folder / "found", copy)
    (copy / "study.db").unlink()
    code, _, said = search.run("search.resume=copy", "search.trials=3")
    assert code == 2
    assert "copy has 2 trials, and its study has none" in said


def test_a_run_of_other_settings_is_not_taken_for_a_trial(tmp_path: Path) -> None:
    config = composed("optimizer.lr=0.1")
    write_config(absolute(config), tmp_path / "config.yaml")
    (tmp_path / "run.json").write_text(json.dumps({"state": "done"}))
    _refuse_other_run(tmp_path, config)
    with pytest.raises(StudyError, match=r"optimizer.lr: 0.2 here, 0.1 in the run; this folder"):
        _refuse_other_run(tmp_path, composed("optimizer.lr=0.2"))


@pytest.mark.slow
def test_photographs_that_are_gone_end_a_search_and_lose_no_trial(
    search: Search, archive: Path
) -> None:
    moved = search.folder / "photographs"
    copytree(archive, moved)
    own = [one for one in search.settings if not one.startswith(("data.root", "trainer.max"))]
    given = [*SPACE, *own, f"data.root={moved}", "trainer.max_epochs=40", "data.store=false"]
    lasting = ["search.trials=2", "callbacks.patience=40", "hydra.run.dir=g"]
    process = search.start(*given, *lasting)
    wait_for((search.folder / "g" / "trial-0000" / LAST).is_file)
    moved.rename(search.folder / "elsewhere")
    done = process.wait()
    assert done.returncode == 2, done.stderr
    assert "once that is mended, go on with: " in done.stderr
    (search.folder / "elsewhere").rename(moved)
    code, _, said = search.run("search.resume=g")
    assert code == 0, said
    assert [trial.state for trial in search.record("g").trials] == ["died", "done", "done"]


def test_a_password_is_not_written_down(tmp_path: Path) -> None:
    storage = "search.storage=postgresql+pg8000://ann:secret@host/name"
    name = joined(tune_config("search=paper", storage), ["search=paper", storage], tmp_path)
    text = (tmp_path / SETTINGS).read_text()
    assert "secret" not in text
    assert "ann:***@host" in text
    # In a database, searches in folders of one name are still told apart.
    assert re.fullmatch(rf"{re.escape(tmp_path.name)}-[0-9a-f]{{8}}", name)
    masked = storage.replace("secret", "***")
    with pytest.raises(ConfigError, match="its password is not written down"):
        joined(tune_config("search=paper", masked), ["search=paper", masked], tmp_path)


def tune_config(*overrides: str) -> TuneConfig:
    register_search_schema()
    config = composed(*overrides, name="tune")
    assert isinstance(config, TuneConfig)
    return config
