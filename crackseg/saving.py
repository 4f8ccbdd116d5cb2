"""How a training writes its checkpoints, and finds them again when it goes on."""

from pathlib import Path
from typing import Any

from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.metrics import better_when
from crackseg.record import BEST, LAST


def best_epoch(folder: str, monitor: str) -> ModelCheckpoint:
    """Keeps ``best.ckpt``, the epoch with the best ``monitor``."""
    return _Kept(folder, Path(BEST).stem, monitor, mode=better_when(monitor))


def last_epoch(folder: str) -> ModelCheckpoint:
    """Keeps ``last.ckpt``, from which a run is resumed."""
    return _Kept(folder, Path(LAST).stem)


class SafeCheckpointIO(TorchCheckpointIO):
    """The one road of checkpoints: whole or not there, and read without running code."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Writes to a temporary name first, see :mod:`crackseg.checkpoint`."""
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Reads and checks it, see :mod:`crackseg.checkpoint`."""
        return read_checkpoint(path)


class _Kept(ModelCheckpoint):
    """Finds its files again in a run's folder that was moved, where Lightning would start anew."""

    def __init__(self, folder: str, name: str, monitor: str | None = None, mode: str = "min"):
        super().__init__(folder, name, monitor, mode=mode, enable_version_counter=False)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the state, its paths moved to where the folder is now."""
        state = {**state_dict, "dirpath": self.dirpath}
        for key in ("best_model_path", "kth_best_model_path", "last_model_path"):
            state[key] = self._here(state.get(key, ""))
        state["best_k_models"] = {
            self._here(path): score for path, score in state["best_k_models"].items()
        }
        super().load_state_dict(state)

    def _here(self, path: str) -> str:
        return str(Path(self.dirpath or "") / Path(path).name) if path else path
