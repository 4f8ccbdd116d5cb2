"""Weights of an earlier checkpoint that a fresh training starts from."""

import logging
from collections.abc import Sequence

from torch import nn

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
    own, given = network.state_dict(), checkpoint.network_weights
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


def _named(what: str, names: Sequence[str]) -> str:
    return f"; {what} {len(names)}: {name_some(names, 3)}" if names else ""
