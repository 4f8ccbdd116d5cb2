"""The weights that a fresh training starts from: of an earlier network, or drawn."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from crackseg.checkpoint import Origin, read_checkpoint
from crackseg.checkpoint.parameters import NetworkParameters
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.manifest import Manifest
from crackseg.errors import CheckpointError, name_some
from crackseg.inference.engines import is_onnx
from crackseg.inference.graphs.export import normalised_convs
from crackseg.inference.graphs.trainable import trainable_network
from crackseg.models import SkipNetwork
from crackseg.models.registry import settings_of
from crackseg.models.statistics import restore_normalisations
from crackseg.parameters.usage import UsageParameters
from crackseg.weights.registry import chosen_file

log = logging.getLogger(__name__)

# Photographs or crops of the training that give normalisations their statistics.
_SEEN = 96
# Share of the convolutions.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, eq=False)
class InitialNetwork:
    """The network that a training takes its first weights from.

    Attributes:
        named: Setting that names it.
        model: How it is put together.
        weights: Its weights by name, of a checkpoint those of the training.
        origin: What the run's checkpoint keeps of it.
        manifest_hash: Hash of the division that it was trained on.
        begun_from: Name of a network of other subsets that it began from itself; empty for none.
        is_adapted: Whether it was adapted to photographs of a place since.
        folded: The network itself, where its file has normalisations as a part of convolutions;
            ``weights`` are its own, and change with it.
    """

    named: str
    model: NetworkParameters
    weights: Mapping[str, Tensor]
    origin: Origin
    manifest_hash: str
    begun_from: str
    is_adapted: bool
    folded: SkipNetwork | None = None

    def beyond(self, manifest: Manifest) -> str:
        """Name of the network that may know photographs beyond a training's subset; or empty."""
        if self.is_adapted or self.manifest_hash != manifest.digest:
            return Path(self.origin.path).name
        return self.begun_from


def initial_network(given: str | None) -> InitialNetwork | None:
    """Reads the network that a training takes its first weights from.

    Args:
        given: Path of a checkpoint or an ONNX file, or the name of a network that comes with the
            package; None for no such network.

    Raises:
        CheckpointError: It cannot be used, see :func:`trainable_network`.
    """
    if given is None:
        return None
    path, named = chosen_file(given, None), f"init_from={given}"
    if is_onnx(path):
        read = trainable_network(path)
        origin, network = Origin.of_file(path, read.licence), read.network
        seen = _seen(read.usage)
        return InitialNetwork(named, read.model, network.state_dict(), origin, *seen, network)
    checkpoint = read_checkpoint(path)
    used = checkpoint.parameters
    origin = Origin.of_file(path, used.inherited_licence)
    return InitialNetwork(named, used.model, checkpoint.trained_weights, origin, *_seen(used))


def _seen(used: UsageParameters) -> tuple[str, str, bool]:
    return used.data.manifest_hash, used.begun_from, used.adaptation is not None


def take_weights(
    network: nn.Module,
    initial: InitialNetwork,
    images: Iterable[Tensor],
    first_share: float | None = None,
) -> None:
    """Gives a network the weights of another one, as far as they fit by name and shape.

    What is taken, what begins anew and what is left over is logged in one line, a warning where it
    is not nearly all.

    Args:
        network: Network of any kind.
        initial: Network of the same kind or of another one.
        images: Batches of the training's images, (N, 3, H, W) in [0, 1]; a folded network gets its
            normalisations back from the first of them.
        first_share: Share of the first weights that is kept to the end; None where none is.

    Raises:
        CheckpointError: No convolution fits but the last one, or a share would be kept of weights
            that begin anew.
    """
    own, given = network.state_dict(), initial.weights
    settings = settings_of(initial.model.name, initial.model.arguments)
    fitting = [n for n, one in given.items() if n in own and own[n].shape == one.shape]
    # The last convolution fits many networks and says nothing without the others.
    kernels = [n for n, one in own.items() if one.ndim > 1 and not n.startswith("head.")]
    taken = len(set(kernels) & set(fitting))
    if not taken:
        raise CheckpointError(
            f"{initial.named}: no convolution of its network fits this one by name and shape; its "
            f"settings are {settings}"
        )
    if initial.folded is not None:
        pairs = normalised_convs(initial.folded)
        restore_normalisations(initial.folded, pairs, _first(images, _SEEN))
    network.load_state_dict({name: given[name] for name in fitting}, strict=False)
    anew = [name for name in own if name not in fitting]
    if anew and first_share is not None:
        raise CheckpointError(
            f"{initial.named}: callbacks.first_share={first_share} would keep a share of weights "
            f"that begin anew ({name_some(anew)}); take the settings of its network, {settings}, "
            "or leave first_share null"
        )
    few = taken < _NEARLY_ALL * len(kernels)
    log.log(
        logging.WARNING if few else logging.INFO,
        "%s: %d of %d weights taken%s%s%s",
        initial.named,
        len(fitting),
        len(own),
        _named("beginning anew", anew),
        _named("left over there", [name for name in given if name not in fitting]),
        f"; the settings of its network are {settings}" if few else "",
    )


def training_images(datamodule: CrackDataModule) -> Iterator[Tensor]:
    """Batches of images as a training sees them first, (N, 3, H, W) in [0, 1]."""
    try:
        for batch in datamodule.train_dataloader():
            yield batch["image"]
    finally:
        datamodule.close()


@contextmanager
def drawn_parts_told(network: nn.Module, freeze: Sequence[str]) -> Iterator[None]:
    """Warns of frozen parts that have random weights after the network was given its first ones.

    Args:
        network: Network as it was built.
        freeze: Names of the parts that keep their weights.
    """
    parts = {name: network.get_submodule(name) for name in freeze}
    drawn = {name: {key: w.clone() for key, w in _kernels(part)} for name, part in parts.items()}
    yield
    for name, part in parts.items():
        anew = [key for key, weight in _kernels(part) if torch.equal(weight, drawn[name][key])]
        if anew:
            log.warning(
                "optimizer.freeze=%s: %d of its %d convolutions have random weights and keep them; "
                "take them from another network by init_from=FILE, or let the part learn",
                name,
                len(anew),
                len(drawn[name]),
            )


def _first(batches: Iterable[Tensor], count: int) -> Iterator[Tensor]:
    """The first images of batches, in batches."""
    for batch in batches:
        yield batch[:count]
        count -= len(batch)
        if count <= 0:
            return


def _kernels(part: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Weights that are drawn at random; others begin with constants."""
    yield from ((name, weight) for name, weight in part.named_parameters() if weight.ndim > 1)


def _named(what: str, names: Sequence[str]) -> str:
    return f"; {what} {len(names)}: {name_some(names, 3)}" if names else ""
