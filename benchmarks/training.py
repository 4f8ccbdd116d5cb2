"""Rows of training: the step alone, and epochs on files."""

from collections.abc import Mapping

from benchmarks.inputs import Inputs
from benchmarks.measurement import IMAGES_PER_SECOND, MEMORY, Figure, Piece, Work
from benchmarks.process import calling
from benchmarks.settings import TRAININGS, Training

FIRST = Figure("first step", "s", compared=False)
NAMES = {
    "ours": "crackseg",
    "pytorch": "PyTorch",
    "keras": "Keras",
    "smp": "SMP U-Net resnet18",
    "monai": "MONAI BasicUNet",
}
# Who can train what. MONAI's network is timed by the step alone, which says enough of it.
_STEPS = {"report": ("ours", "pytorch", "keras"), "default": ("ours", "pytorch", "smp", "monai")}
_FILES = {"report": ("ours", "pytorch", "keras"), "default": ("ours", "pytorch", "smp")}


def training_works(inputs: Inputs) -> list[Work]:
    """The works of training."""
    return [
        work
        for training in TRAININGS
        for work in (_step(inputs, training), _files(inputs, training))
    ]


def step_name(training: Training) -> str:
    """Name of the work of a step alone."""
    return f"training step, {training.name}"


def files_name(training: Training) -> str:
    """Name of the work of epochs on files."""
    return f"training from files, {training.name}"


def _step(inputs: Inputs, training: Training) -> Work:
    shared = {"size": training.size, "batch": training.batch, "seconds": inputs.options.seconds}
    own = {"checkpoint": str(inputs.checkpoint(training.network))}
    peer = {"network": training.network}
    arguments = {
        who: calling(f"benchmarks.peers.{who}:step", **shared, **(own if who == "ours" else peer))
        for who in _contenders(_STEPS, training)
    }
    figures = (IMAGES_PER_SECOND, FIRST, MEMORY)
    pieces = _pieces(inputs, training, arguments)
    return Work(step_name(training), figures, pieces, "PyTorch", _every(training))


def _files(inputs: Inputs, training: Training) -> Work:
    folder = inputs.files(training)
    arguments = {}
    for who in _contenders(_FILES, training):
        output = inputs.folder / "trainings" / f"{who}-{training.network}-{training.size}"
        output.parent.mkdir(exist_ok=True)
        arguments[who] = calling(
            f"benchmarks.peers.{who}:from_files",
            network=training.network,
            size=training.size,
            batch=training.batch,
            epochs=training.epochs,
            folder=str(folder),
            output=str(output),
        )
    pieces = _pieces(inputs, training, arguments)
    figures = (IMAGES_PER_SECOND, MEMORY)
    return Work(files_name(training), figures, pieces, "PyTorch", _every(training))


def _every(training: Training) -> int:
    """Rounds from one turn to the next; the larger images only say that size changes nothing."""
    return 1 if training.size == 128 else 2


def _contenders(table: Mapping[str, tuple[str, ...]], training: Training) -> tuple[str, ...]:
    """Who trains; of the larger images only the same network, for time."""
    return table[training.network] if training.size == 128 else ("ours", "pytorch")


def _pieces(
    inputs: Inputs, training: Training, arguments: dict[str, tuple[str, ...]]
) -> tuple[Piece, ...]:
    return tuple(
        Piece(
            NAMES[who],
            "crackseg" if who == "ours" else "peers",
            given,
            precision=inputs.fast_precision if who == "ours" else "float32",
            gflop=_work(inputs, training, who),
        )
        for who, given in arguments.items()
    )


def _work(inputs: Inputs, training: Training, who: str) -> float | None:
    if training.network == "report":
        work = inputs.report_work
    else:
        work = inputs.exports["pytorch" if who == "ours" else who].work
    return work.get(f"train {training.size}")
