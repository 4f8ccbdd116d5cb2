"""The weights that a fresh training starts from: of an earlier checkpoint, or drawn."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from crackseg.checkpoint import Checkpoint
from crackseg.errors import CheckpointError, name_some

log = logging.getLogger(__name__)


def take_weights(network: nn.Module, checkpoint: Checkpoint) -> None:
    """Gives a network the weights of a checkpoint, as far as they fit by name and shape.

    What is taken, what begins anew and what is left over is logged in one line.

    Args:
        network: Network of any kind.
        checkpoint: Checkpoint of the same kind of network or of another one.

    Raises:
        CheckpointError: No convolution fits.
    """
    own, given = network.state_dict(), checkpoint.trained_weights
    fitting = {n: one for n, one in given.items() if n in own and own[n].shape == one.shape}
    # The bias of one output and the counts of batches fit every network and say nothing.
    if not any(one.ndim > 1 for one in fitting.values()):
        raise CheckpointError(
            f"init_from={checkpoint.path}: no convolution of its network "
            f"({checkpoint.parameters.model.name}) fits this one by name and shape; take the "
            "checkpoint of a network like it"
        )
    network.load_state_dict(fitting, strict=False)
    log.info(
        "init_from=%s: %d of %d weights taken%s%s",
        checkpoint.path,
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


def _kernels(part: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Weights that are drawn at random; others begin with constants."""
    yield from ((name, weight) for name, weight in part.named_parameters() if weight.ndim > 1)


def _named(what: str, names: Sequence[str]) -> str:
    return f"; {what} {len(names)}: {name_some(names, 3)}" if names else ""
