"""What many tests share: a small data set on disk, and one small training on it."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from matplotlib.figure import Figure

from crackseg.config.schema import DataConfig, TrainConfig
from crackseg.data.analysis.explore import Exploration
from crackseg.models import SkipNetwork
from crackseg.weights import registry
from crackseg.workflows.export import export
from crackseg.workflows.train import TrainResult, train
from tests.helpers.data_sets import explored, write_archive, write_by_hand
from tests.helpers.plots import save_blank
from tests.helpers.settings import small_config


@pytest.fixture(autouse=True)
def package_log() -> Iterator[None]:
    """What a door did to the package's logger ends with the test."""
    logger = logging.getLogger("crackseg")
    before = (logger.propagate, logger.level, list(logger.handlers))
    yield
    logger.propagate, level, logger.handlers = before
    logger.setLevel(level)


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What the package logs, even where a workflow has turned its logger away from the root's."""
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    caplog.set_level("INFO", "crackseg")
    return caplog


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a pipe, whatever shell runs the tests; its narrow window must not matter."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")


@pytest.fixture
def blank_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots are saved blank: drawing them takes longer than a small training."""
    monkeypatch.setattr(Figure, "savefig", save_blank)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pairs of 64x64; not to be changed."""
    return write_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    """Five pairs of noise and level lines, measured at 20x20; not to be changed."""
    folder = tmp_path_factory.mktemp("by_hand")
    return explored(write_by_hand(folder / "walls"), folder / "cache")


@pytest.fixture
def train_config(archive: Path, tmp_path: Path, blank_plots: None) -> TrainConfig:
    """See :func:`small_config`."""
    return small_config(archive, tmp_path / "cache")


@pytest.fixture
def data_config(train_config: TrainConfig) -> DataConfig:
    """The data part of the small training."""
    return train_config.data


@pytest.fixture(scope="session")
def trained(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A small training on the archive, TensorBoard included; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    config = small_config(archive, folder / "cache")
    config.logger.tensorboard = True
    config.trainer.max_epochs = 6
    return train(config, folder / "run")


@pytest.fixture(scope="session")
def exported(trained: TrainResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of the small training; not to be changed."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    assert export(trained.checkpoint, path) < 1e-5
    return path


@pytest.fixture
def filled_box(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the networks that come with the package, each of them the small one."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setattr(registry, "FOLDER", folder)
    for model in registry.BUNDLED:
        shutil.copy(exported, model.path)
    return folder


@pytest.fixture(scope="module")
def one_graph(exported: Path) -> Iterator[None]:
    """Exports of the small training take the graph that was made of it once, which takes long."""

    def again(network: SkipNetwork) -> onnx.ModelProto:
        graph = onnx.load(exported)
        del graph.metadata_props[:]
        return graph

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crackseg.workflows.export.export_network", again)
        yield
