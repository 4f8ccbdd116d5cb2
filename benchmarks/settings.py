"""What all contenders are given."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Network = Literal["report", "default"]

# Of the photographs in CrackSeg9k.
SIDE = 400
WEIGHTS: dict[Network, int] = {"report": 246_805, "default": 1_944_049}


@dataclass(frozen=True)
class Training:
    """A training that is timed.

    Attributes:
        network: Topology; contenders with a network of their own take that.
        size: Side of the images in pixels.
        batch: Number of images in a batch.
        epochs: Number of epochs on files; the first one is not timed.
    """

    network: Network
    size: int
    batch: int
    epochs: int

    @property
    def name(self) -> str:
        """Name in the table."""
        topology = {"report": "report topology", "default": "default U-Net"}[self.network]
        return f"{topology}, {self.size}x{self.size}, batch {self.batch}"


TRAININGS = (
    Training("report", 128, 64, epochs=4),
    Training("default", 128, 64, epochs=2),
    Training("default", 256, 16, epochs=2),
)


def files_of(folder: Path, subset: str) -> list[tuple[Path, Path]]:
    """Photographs of a subset with their masks, in the order of their names."""
    photographs = sorted((folder / subset / "images").iterdir())
    masks = {path.stem: path for path in (folder / subset / "masks").iterdir()}
    return [(path, masks[path.stem]) for path in photographs]
