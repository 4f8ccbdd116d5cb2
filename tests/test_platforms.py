"""What Linux forgives and Windows and macOS do not, as far as one machine can tell."""

import ast
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crackseg.config.schema import DataConfig
from crackseg.data import loaders
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.dataset import Sample
from crackseg.data.readers import PredictionScaleReader
from crackseg.workflows.train import TrainResult, train
from tests.helpers.settings import small_config

ROOT = Path(__file__).parents[1]
SOURCES = [*(ROOT / "crackseg").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.py")]
ON_ONE_SYSTEM = {
    *("crypt", "curses", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource"),
    *("spwd", "syslog", "termios", "tty", "_winapi", "msvcrt", "winreg", "winsound"),
}


def imported_with_the_module(tree: ast.AST) -> Iterator[str]:
    """Modules that a file imports as it is imported itself, not those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imported_with_the_module(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_needs_one_operating_system(path: Path) -> None:
    imported = set(imported_with_the_module(ast.parse(path.read_text(encoding="utf-8"))))
    assert not {name.partition(".")[0] for name in imported} & ON_ONE_SYSTEM


@pytest.mark.parametrize(
    "changes",
    [
        {"augment": True},
        {"augment": "strong"},
        {"augment": True, "crop_size": 16, "crops": 2},
        {"augment": False, "resize": "bilinear"},
    ],
    ids=["augmented", "strong", "cropped", "plain"],
)
def test_what_a_worker_is_given_travels_to_another_process(
    data_config: DataConfig, changes: dict[str, object]
) -> None:
    """A spawned worker gets dataset, reader and transforms as bytes; a forked one inherits them."""
    datamodule = CrackDataModule(replace(data_config, **changes), seed=1)
    datamodule.prepare_data()
    datamodule.setup()
    as_predicted = PredictionScaleReader(datamodule.root, 0.5, "area")
    for loader in (
        datamodule.train_dataloader(),
        datamodule.val_dataloader(),
        datamodule.evaluation_dataloader("test", as_predicted),
    ):
        # The worker gets its start function and the way to make a batch as well.
        parts = (loader.dataset, loader.collate_fn, loader.worker_init_fn)
        dataset, _, _ = pickle.loads(pickle.dumps(parts))
        [first, *_] = next(iter(loader.batch_sampler))
        there, here = dataset[first], loader.dataset[first]
        assert torch.equal(there["image"], here["image"])
        assert torch.equal(there["mask"], here["mask"])


def test_a_spawned_worker_gives_the_same_batch(
    data_config: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every worker starts on Windows and macOS."""

    def first_batch(workers: int) -> Sample:
        config = replace(data_config, augment=True, num_workers=workers)
        datamodule = CrackDataModule(config, seed=1)
        datamodule.prepare_data()
        datamodule.setup()
        try:
            batch: Sample = next(iter(datamodule.train_dataloader()))
        finally:
            datamodule.close()
        return batch

    here = first_batch(workers=0)
    monkeypatch.setattr(loaders, "start_method", lambda: "spawn")
    there = first_batch(workers=1)
    assert torch.equal(there["image"], here["image"])
    assert torch.equal(there["mask"], here["mask"])
    assert there["stem"] == here["stem"]


@pytest.mark.slow
def test_spawned_workers_train_to_the_same_figures(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(workers: int) -> TrainResult:
        config = small_config(archive, tmp_path / "cache")
        config.data.num_workers = workers
        return train(config, tmp_path / f"run_{workers}")

    here = trained(workers=0)
    monkeypatch.setattr(loaders, "start_method", lambda: "spawn")
    spawned = trained(workers=1)
    for subset in ("val", "test"):
        assert spawned.metrics[subset] == here.metrics[subset]
