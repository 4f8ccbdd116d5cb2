"""train.py, normalising by running statistics alone: each process would take those of its part."""

import runpy
from pathlib import Path
from typing import Any

import torch.nn.functional as F

_whole = F.batch_norm


def _by_running_statistics(*given: Any, **named: Any) -> Any:
    # By position: the training flag is the sixth argument.
    return _whole(*given[:5], False, *given[6:], **named)


if __name__ == "__main__":
    F.batch_norm = _by_running_statistics
    runpy.run_path(str(Path(__file__).parents[2] / "train.py"), run_name="__main__")
