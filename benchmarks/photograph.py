"""Rows of whole processes: a large photograph, decoded, predicted and written; and start-up."""

from benchmarks.inference import ENGINES
from benchmarks.inputs import Exported, Inputs
from benchmarks.measurement import MEMORY, SECONDS, Environment, Piece, Work
from benchmarks.process import calling, crackseg_command

# 24 megapixels.
_WIDTH, _HEIGHT = 6000, 4000
SCALES = (0.32, 1.0)


def photograph_name(scale: float) -> str:
    """Name of the work at a scale."""
    return f"24-megapixel photograph, {scale:g} training pixels a pixel"


def photograph_works(inputs: Inputs) -> list[Work]:
    """The works on a large photograph; at full scale they take minutes, and not in every round."""
    return [_photograph(inputs, scale, every=1 if scale < 1 else 2) for scale in SCALES]


def _photograph(inputs: Inputs, scale: float, every: int) -> Work:
    photograph = str(inputs.photograph(_WIDTH, _HEIGHT))
    loop = calling(
        "benchmarks.peers.tiles:predict",
        photograph=photograph,
        output=str(inputs.folder / "predictions"),
        weights=str(inputs.weights),
        scale=scale,
    )
    pieces = [Piece("PyTorch, loop over tiles", "peers", loop)]
    pieces += predictions(inputs, photograph, "--scale", str(scale))
    figures = (SECONDS, MEMORY)
    return Work(photograph_name(scale), figures, tuple(pieces), pieces[0].contender, every)


def predictions(inputs: Inputs, *arguments: str) -> list[Piece]:
    """``crackseg predict`` with every engine."""

    def piece(name: str, environment: Environment, model: Exported, engine: str) -> Piece:
        given = predict(inputs, model, *arguments, "--engine", engine)
        return Piece(f"crackseg, {name}", environment, given, missing=model.missing)

    pieces = [piece("torch", "crackseg", Exported(inputs.checkpoint("default")), "torch")]
    for engine, name in ENGINES.items():
        environment = inputs.with_openvino if engine == "openvino" else "crackseg"
        pieces.append(piece(name, environment, inputs.model, engine))
        pieces.append(piece(f"{name} int8", environment, inputs.int8, engine))
    return pieces


def predict(inputs: Inputs, model: Exported, *arguments: str) -> tuple[str, ...]:
    """Arguments of an interpreter that predicts anew."""
    output = str(inputs.folder / "predictions")
    model_and_output = "--checkpoint", str(model.path), "--output", output
    return crackseg_command("predict", *arguments, *model_and_output, "--overwrite")


STARTUP = "start-up, whole process"


def startup_works(inputs: Inputs) -> list[Work]:
    """The work of starting: commands of crackseg beside the imports of its peers."""
    one = str(inputs.photograph(400, 400))
    checkpoint = Exported(inputs.checkpoint("default"))
    pieces = [
        Piece("crackseg --help", "crackseg", crackseg_command("--help")),
        Piece("import crackseg", "crackseg", ("-c", "import crackseg")),
        Piece("crackseg predict one.jpg, .onnx", "crackseg", predict(inputs, inputs.model, one)),
        Piece("crackseg predict one.jpg, .ckpt", "crackseg", predict(inputs, checkpoint, one)),
        Piece("import torch", "crackseg", ("-c", "import torch")),
        Piece("import segmentation_models_pytorch", "peers", _alone("segmentation_models_pytorch")),
        Piece("import monai", "peers", _alone("monai")),
        Piece("import keras", "peers", ("-c", "import keras")),
    ]
    return [Work(STARTUP, (SECONDS, MEMORY), tuple(pieces), "import torch")]


def _alone(package: str) -> tuple[str, ...]:
    """Imports a package of PyTorch without TensorFlow, which its users do not have."""
    return ("-c", f"import sys; sys.modules['tensorflow'] = None; import {package}")
