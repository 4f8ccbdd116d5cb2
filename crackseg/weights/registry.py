"""Which networks come with the package, and where each may be used.

Their files stand beside this one, below licences of their own: a network is bound by those of the
photographs that it was trained on, not by that of the code.
"""

from dataclasses import dataclass
from pathlib import Path

from crackseg.errors import CheckpointError, ConfigError, did_you_mean

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class BundledModel:
    """A network that comes with the package.

    Attributes:
        name: Name of the network.
        about: Line that says what it is.
        licence: Licence of its weights, in a phrase.
        use: Line that says where it may be used.
    """

    name: str
    about: str
    licence: str
    use: str

    @property
    def path(self) -> Path:
        """Path of its ONNX file, which a copy of the sources may lack."""
        return FOLDER / f"{self.name}.onnx"

    @property
    def licence_path(self) -> Path:
        """Path of the text of its licence."""
        return FOLDER / f"LICENSE-{self.name}.txt"

    @property
    def line(self) -> str:
        """Line about it and its licence, with how to choose the other."""
        others = " or ".join(
            f"--model {other.name} ({other.licence})" for other in BUNDLED if other != self
        )
        return f"model: {self.name} ({self.licence}); another: {others}"

    @property
    def use_line(self) -> str:
        """Line about where it may be used, for those who cannot choose another."""
        return f"Network: {self.name} ({self.licence}). Its use: {self.use}."


BUNDLED = (
    BundledModel(
        name="research",
        about="the best one, trained on all photographs that were at hand",
        licence="for research only",
        use="research and teaching, not products or paid work: most of its photographs are for "
        "non-commercial research, or state no licence",
    ),
    BundledModel(
        name="open",
        about="trained on photographs of open licences and on synthetic ones alone",
        licence="CC BY 4.0, for firms too",
        use="anywhere, also commercially, where its sources are named",
    ),
)
DEFAULT = BUNDLED[0]


def bundled(name: str) -> BundledModel:
    """The network of a name.

    Raises:
        ConfigError: None has it.
    """
    for model in BUNDLED:
        if model.name == name:
            return model
    names = [model.name for model in BUNDLED]
    guess = did_you_mean(name, names)
    raise ConfigError(f"model={name}: one of {', '.join(names)}{f'; {guess}' if guess else ''}")


def bundled_at(path: Path) -> BundledModel | None:
    """The network that a file holds; None where it is none of the package's."""
    return next((model for model in BUNDLED if model.path == path), None)


def names_bundled(given: str) -> bool:
    """Whether a text names a network of the package.

    A file of that name wins, as what a user has made is what a user means.
    """
    return given in [one.name for one in BUNDLED] and not Path(given).is_file()


def chosen_file(checkpoint: str | Path | None, model: str | None) -> Path:
    """Path of the network to use: that of a file, or one that comes with the package.

    Args:
        checkpoint: Path of a file, or the name of a network that comes with the package.
        model: Name of a network that comes with the package; None takes the default.

    Raises:
        ConfigError: Both are given, or there is no network of that name.
        CheckpointError: This copy of the package lacks the network's file, or there is no file of a
            name that is nearly that of a network.
    """
    if checkpoint is not None and model is not None:
        raise ConfigError(
            f"model={model}, checkpoint={checkpoint}: these are two networks; give one of them"
        )
    if checkpoint is not None and not names_bundled(str(checkpoint)):
        guess = did_you_mean(str(checkpoint), [one.name for one in BUNDLED])
        if guess and not Path(checkpoint).exists():
            raise CheckpointError(f"{checkpoint}: there is no such file; {guess}")
        return Path(checkpoint)
    if checkpoint is not None:
        model = str(checkpoint)
    of_package = DEFAULT if model is None else bundled(model)
    if not of_package.path.is_file():
        raise CheckpointError(
            f"{of_package.path}: this copy of crackseg lacks the model {of_package.name}; install "
            "its wheel, or give a checkpoint of your own"
        )
    return of_package.path
