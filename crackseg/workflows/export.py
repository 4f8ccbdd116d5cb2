"""Exports a checkpoint as one ONNX file that other programs run."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import onnx
from pydantic import TypeAdapter, ValidationError

from crackseg import __version__
from crackseg.checkpoint import Checkpoint, CheckpointParameters, read_checkpoint, refused
from crackseg.config.paths import UNNAMED, unnamed_data
from crackseg.config.schema import read_data_config
from crackseg.data.splits.leakage import Leaks
from crackseg.errors import ConfigError, CrackSegError
from crackseg.evaluation.protocol import resolution
from crackseg.inference.graphs.export import export_network
from crackseg.inference.graphs.half_precision import with_half_weights
from crackseg.inference.graphs.trainable import largest_difference
from crackseg.inference.model_file import SUFFIX, ModelInfo, write_model
from crackseg.inference.torch_engine import network_of
from crackseg.metrics.scores import SCORES
from crackseg.models import SkipNetwork
from crackseg.parameters.usage import DataIdentity
from crackseg.runs.reader import Run, read_run
from crackseg.system.files import require_writable_file

UNSTATED = "not stated; the licences of the photographs that it was trained on may bind it"
# Between float32 in two programs; masks differ in less than a pixel of 10,000 then.
_LARGEST_DIFFERENCE = 1e-3
# Of a trained network with weights in float16, whose masks still agree to an IoU of .999.
_LARGEST_OF_HALF = 1e-2
_OF_HALF = "weights rounded to float16 after these figures were measured"


def export(checkpoint: Path, output: Path, licence: str | None = None, half: bool = False) -> float:
    """Writes the network of a checkpoint as an ONNX file, and compares the two.

    Args:
        checkpoint: Path of the checkpoint.
        output: Path of the ONNX file.
        licence: Licence of the weights; None for that of the network that it was adapted from.
        half: Whether the file holds its weights in float16, which halves its size.

    Returns:
        The largest difference of the two probabilities on pixels of noise.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        CrackSegError: The output has another suffix, or the two probabilities differ too much.
        OutputError: The file cannot be written.
    """
    require_writable_file(output, SUFFIX)
    made = exported(read_checkpoint(checkpoint), licence, half)
    write_model(made.graph, made.info, output)
    return made.difference


@dataclass(frozen=True, eq=False)
class Exported:
    """A network in float that is ready to be written.

    Attributes:
        checkpoint: Checkpoint that it is from.
        graph: Its graph.
        info: What goes with it.
        difference: See :func:`export`.
    """

    checkpoint: Checkpoint
    graph: onnx.ModelProto
    info: ModelInfo
    difference: float


def exported(checkpoint: Checkpoint, licence: str | None, half: bool = False) -> Exported:
    """Makes the graph of a checkpoint's network, and compares the two.

    Args:
        checkpoint: Checkpoint.
        licence: Licence of the weights.
        half: Whether weights are stored in float16.

    Raises:
        CheckpointError: The checkpoint's leaks are not what a training writes.
        CrackSegError: The two probabilities differ too much.
    """
    network = network_of(checkpoint)
    graph = export_network(network)
    difference = largest_difference(network, graph.SerializeToString())
    _refuse_another(checkpoint.path, "an ONNX file", difference, _LARGEST_DIFFERENCE)
    info = info_of(checkpoint, network, licence)
    if half:
        graph = with_half_weights(graph)
        difference = largest_difference(network, graph.SerializeToString())
        _refuse_another(checkpoint.path, "an ONNX file in float16", difference, _LARGEST_OF_HALF)
        protocol = [*info.protocol, *([_OF_HALF] if info.figures else [])]
        # It was made with other probabilities.
        info = replace(info, protocol=protocol, promise=None)
    return Exported(checkpoint, graph, info, difference)


def _refuse_another(checkpoint: Path, what: str, difference: float, largest: float) -> None:
    # Not the other way round, since nothing compares with a figure that is no number.
    if not difference <= largest:
        raise CrackSegError(
            f"{checkpoint}: cannot be exported, as {what} its probabilities differ by "
            f"{difference:.2g}; please report this network"
        )


def info_of(checkpoint: Checkpoint, network: SkipNetwork, licence: str | None) -> ModelInfo:
    """What goes with the network of a checkpoint into a file for other programs.

    Raises:
        CheckpointError: The checkpoint's leaks or settings of data are not what a training writes.
    """
    parameters = checkpoint.parameters
    # The figures of a run are those of the network before it was adapted.
    run = None if parameters.adaptation is not None else _run_of(checkpoint)
    figures = {} if run is None else _figures(run)
    return ModelInfo(
        version=__version__,
        network=parameters.model.name,
        arguments=dict(parameters.model.arguments),
        adaptation=parameters.adaptation,
        preprocessing=parameters.preprocessing,
        scale=parameters.scale,
        scales=parameters.scales,
        data=_without_places(checkpoint),
        threshold=parameters.threshold,
        promise=parameters.promise,
        known=parameters.known,
        stride=network.stride,
        radius=network.radius,
        licence=licence or _licence_of(parameters),
        leak_line=_leak_line(checkpoint),
        figures=figures,
        protocol=_protocol(parameters, run) if run is not None and figures else [],
    )


def _licence_of(parameters: CheckpointParameters) -> str:
    """Licence of a network that is given none: that of those that it was made from."""
    return parameters.inherited_licence or UNSTATED


def _without_places(checkpoint: Checkpoint) -> DataIdentity:
    """The data of the training without names of folders and files of this machine."""
    data = checkpoint.parameters.data
    try:
        config = asdict(unnamed_data(read_data_config(data.config)))
    except ConfigError as error:
        raise refused(checkpoint.path, f"data.config: {error}") from error
    return replace(data, root=UNNAMED, config=config)


def _leak_line(checkpoint: Checkpoint) -> str:
    leaks = checkpoint.parameters.data.leaks
    if leaks is None:
        return "unknown"
    try:
        return TypeAdapter(Leaks).validate_python(leaks).summary()
    except ValidationError as error:
        raise refused(checkpoint.path, "data.leaks: not what a training writes") from error


def _protocol(parameters: CheckpointParameters, run: Run) -> list[str]:
    seen = parameters.preprocessing
    at = resolution(seen, (run.metrics or {}).get("scales"))
    return [
        f"dataset totals at {at} and the stored threshold, masks cut at >{seen.mask_threshold}, "
        f"split {parameters.data.split}, float32, no tolerance; the "
        "threshold was chosen on val, where figures are optimistic"
    ]


def _run_of(checkpoint: Checkpoint) -> Run | None:
    """The run whose figures are those of this very checkpoint; None where there is none."""
    try:
        run = read_run(checkpoint.path.parent)
    except FileNotFoundError:
        return None
    measured = run.figure("best_epoch"), run.figure("threshold")
    return run if measured == (checkpoint.epoch + 1, checkpoint.parameters.threshold) else None


def _figures(run: Run) -> dict[str, dict[str, float]]:
    subsets = {one: _of_subset(run, one) for one in ("val", "test")}
    return {one: figures for one, figures in subsets.items() if figures}


def _of_subset(run: Run, subset: str) -> dict[str, float]:
    figures = {name: run.figure(f"{subset}/{name}") for name in SCORES}
    return {name: figure for name, figure in figures.items() if figure is not None}
