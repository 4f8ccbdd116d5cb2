"""Profilers of a training, for ``trainer.profiler``."""

import logging
import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.profilers import Profiler, SimpleProfiler
from lightning.pytorch.profilers.pytorch import RegisterRecordFunction

from crackseg.system.files import atomic_write, write_text

log = logging.getLogger(__name__)

FOLDER = "profile"
# The first steps still choose algorithms and fill caches; a few more are as good as many, and
# each makes the trace larger by some megabytes.
_SKIPPED, _WARMING_UP, _RECORDED = 2, 2, 4
_ROWS = 40
# Lightning's name for a whole step: forward, backward, optimizer.
_STEP = "run_training_batch"


def build_profiler(name: str | None, folder: Path) -> Profiler | None:
    """Makes the profiler of a training.

    Args:
        name: Name of the profiler. ``simple`` times Lightning's actions over the whole run;
            ``pytorch`` traces every operation of a few training steps; None gives no profiler.
        folder: Folder of the run; the profile goes into ``profile`` below it.
    """
    if name == "simple":
        return Times(folder / FOLDER)
    return StepProfiler(folder / FOLDER) if name == "pytorch" else None


class Times(SimpleProfiler):
    """Writes Lightning's table of its own actions, one file for each stage."""

    def __init__(self, folder: Path) -> None:
        super().__init__(dirpath=folder, filename="times")

    def describe(self) -> None:
        """Writes the stage's table and says where."""
        file = Path(str(self.dirpath), self._prepare_filename())
        super().describe()
        log.info("profile: %s", file)


class StepProfiler(Profiler):
    """Traces a few training steps, with the names of network parts and of Lightning's own.

    Lightning's PyTorchProfiler ends its steps in the middle of the optimizer's, so that the
    backward pass counts for the wrong operation. It also fails in stages that end before its
    schedule begins.

    Args:
        folder: Folder for ``trace.json``, which https://ui.perfetto.dev shows, and for
            ``operations.txt``, sorted by the processor time of each operation itself.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(dirpath=folder)
        self.trace, self.table = folder / "trace.json", folder / "operations.txt"
        self._profile: torch.profiler.profile | None = None
        self._parts: RegisterRecordFunction | None = None
        self._open: dict[str, Any] = {}
        self._done = False

    def start(self, action_name: str) -> None:
        """Marks the start of one of Lightning's actions."""
        if self._profile is None and not self._done and self._stage == "fit":
            self._begin()
        if self._profile is not None:
            mark: Any = torch.profiler.record_function(action_name)
            mark.__enter__()
            self._open[action_name] = mark

    def stop(self, action_name: str) -> None:
        """Marks the end of an action, and counts training steps."""
        mark = self._open.pop(action_name, None)
        if mark is not None:
            mark.__exit__(None, None, None)
        if self._profile is not None and action_name == _STEP:
            self._profile.step()

    def describe(self) -> None:
        """Ends the profile of a training and says where it lies."""
        if self._profile is None:
            return
        self.teardown(self._stage)
        if self.table.is_file():
            log.info("profile: %s; %s opens in https://ui.perfetto.dev", self.table, self.trace)
        else:
            before = _SKIPPED + _WARMING_UP
            log.warning("no profile: it begins after %d steps, and there were fewer", before)

    def teardown(self, stage: str | None) -> None:
        """Ends the profile, also where the training failed."""
        if self._profile is not None:
            self._profile.stop()
            self._profile = None
            # Lightning reports further actions after this.
            self._done = True
        if self._parts is not None:
            self._parts.__exit__(None, None, None)
            self._parts = None
        self._open.clear()
        super().teardown(stage)

    def _begin(self) -> None:
        # Only the first of several processes is profiled.
        self._done = bool(self._local_rank)
        if self._done:
            return
        # Kineto prints its start, its end, and that there is no GPU; from level 6 on it is silent.
        os.environ.setdefault("KINETO_LOG_LEVEL", "6")
        self._profile = torch.profiler.profile(
            schedule=torch.profiler.schedule(
                wait=_SKIPPED, warmup=_WARMING_UP, active=_RECORDED, repeat=1
            ),
            on_trace_ready=self._write,
        )
        self._profile.start()
        # Set by the Trainer.
        module = getattr(self, "_lightning_module", None)
        if module is not None:
            self._parts = RegisterRecordFunction(module)
            self._parts.__enter__()

    def _write(self, profile: torch.profiler.profile) -> None:
        self.trace.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.trace) as path:
            profile.export_chrome_trace(str(path))
        table = profile.key_averages().table(
            sort_by="self_cpu_time_total", row_limit=_ROWS, max_name_column_width=70
        )
        write_text(self.table, table)
