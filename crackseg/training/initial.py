"""The weights that a fresh training starts from: of an earlier network, or drawn."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crackseg.checkpoint import Origin
from crackseg.data.datamodule import CrackDataModule
from crackseg.errors import CheckpointError, name_some
from crackseg.inference.graphs.export import normalised_convs
from crackseg.inference.graphs.trainable import TrainableNetwork, trainable_network
from crackseg.models.statistics import restore_normalisations
from crackseg.weights.registry import chosen_file

log = logging.getLogger(__name__)

# Photographs or crops of the training that give normalisations their statistics.
_SEEN = 96


@dataclass(frozen=True, eq=False)
class InitialNetwork:
    """The network that a training takes its first weights from.

    Attributes:
        named: Setting that names it.
        source: The network.
        origin: What the run's checkpoint keeps of it.
    """

    named: str
    source: TrainableNetwork
    origin: Origin

    def restore(self, datamodule: CrackDataModule) -> None:
        """Gives it normalisations again, where its file has them as a part of convolutions.

        Args:
            datamodule: Data of the training, some of which it looks at.
        """
        if not self.source.folded:
            return
        network = self.source.network
        try:
            batches = (batch["image"] for batch in datamodule.train_dataloader())
            restore_normalisations(network, normalised_convs(network), _first(batches, _SEEN))
        finally:
            datamodule.close()


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
    path = chosen_file(given, None)
    source = trainable_network(path)
    return InitialNetwork(f"init_from={given}", source, Origin.of_file(path, source.licence))


def take_weights(network: nn.Module, initial: InitialNetwork) -> None:
    """Gives a network the weights of another one, as far as they fit by name and shape.

    What is taken, what begins anew and what is left over is logged in one line.

    Args:
        network: Network of any kind.
        initial: Network of the same kind or of another one.

    Raises:
        CheckpointError: No convolution fits.
    """
    own, given = network.state_dict(), initial.source.network.state_dict()
    fitting = {n: one for n, one in given.items() if n in own and own[n].shape == one.shape}
    # The bias of one output and the counts of batches fit every network and say nothing.
    if not any(one.ndim > 1 for one in fitting.values()):
        raise CheckpointError(
            f"{initial.named}: no convolution of its network ({initial.source.model.name}) fits "
            "this one by name and shape; take a network like it"
        )
    network.load_state_dict(fitting, strict=False)
    log.info(
        "%s: %d of %d weights taken%s%s",
        initial.named,
        len(fitting),
        len(own),
        _named("beginning anew", [name for name in own if name not in fitting]),
        _named("left over there", [name for name in given if name not in fitting]),
    )


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
                "take them from a checkpoint by init_from=CHECKPOINT, or let the part learn",
                name,
                len(anew),
                len(drawn[name]),
            )


def _first(batches: Iterable[Tensor], count: int) -> Iterator[Tensor]:
    """As many batches as hold a number of images."""
    seen = 0
    for batch in batches:
        yield batch
        seen += len(batch)
        if seen >= count:
            return


def _kernels(part: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Weights that are drawn at random; others begin with constants."""
    yield from ((name, weight) for name, weight in part.named_parameters() if weight.ndim > 1)


def _named(what: str, names: Sequence[str]) -> str:
    return f"; {what} {len(names)}: {name_some(names, 3)}" if names else ""
