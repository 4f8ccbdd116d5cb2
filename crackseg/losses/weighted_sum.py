"""The weighted sum of loss terms, and which terms there are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crackseg.errors import ConfigError
from crackseg.losses.centreline import skeleton_recall
from crackseg.losses.overlap import dice
from crackseg.losses.pixelwise import bce, weighted_bce, weighted_bce_reduced
from crackseg.system.limits import Limits

# Far beyond any use, and far within float32.
FACTOR_LIMITS = Limits(0, 1e9, above=True)

PLAIN_TERMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": bce,
    "dice": dice,
    "skeleton_recall": skeleton_recall,
}
# Terms that are least where everything is crack.
_NEVER_ALONE = {"skeleton_recall"}
WEIGHTED_TERMS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "weighted_bce": weighted_bce,
    "weighted_bce_reduced": weighted_bce_reduced,
}


class SegmentationLoss(nn.Module):
    """A weighted sum of named terms.

    Args:
        terms: Factor of each term by name, such as ``{"bce": 1.0, "dice": 0.5}``.
        class_weights: Weights of background and crack; given exactly if a term uses them.

    Raises:
        ConfigError: There is no term, an unknown one, or one alone that is least where everything
            is crack; a factor is not positive; class weights are given that no term uses, or
            missing where one does.
    """

    def __init__(
        self, terms: Mapping[str, float], class_weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        check_terms(terms, weights_given=class_weights is not None)
        self.terms = dict(terms)
        self.register_buffer("class_weights", _as_weights(class_weights), persistent=False)

    def forward(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Computes the loss, a scalar, from logits and mask, both (N, 1, H, W)."""
        total = logits.new_zeros((), dtype=torch.float32)
        for name, factor in self.terms.items():
            if name in PLAIN_TERMS:
                term = PLAIN_TERMS[name](logits, mask)
            else:
                assert isinstance(self.class_weights, Tensor)  # check_terms saw to it
                term = WEIGHTED_TERMS[name](logits, mask, self.class_weights)
            total = total + factor * term
        return total


def uses_class_weights(terms: Mapping[str, float]) -> bool:
    """Whether one of the terms uses class weights."""
    return any(name in WEIGHTED_TERMS for name in terms)


def check_terms(terms: Mapping[str, float], weights_given: bool) -> None:
    """Refuses terms that are unknown, or that do not fit the class weights.

    Raises:
        ConfigError: The terms are at fault, see :class:`SegmentationLoss`.
    """
    known = [*PLAIN_TERMS, *WEIGHTED_TERMS]
    unknown = [name for name in terms if name not in known]
    if unknown or not terms:
        named = f"there is no loss term {', '.join(unknown)}" if unknown else "it is empty"
        raise ConfigError(f"loss.terms: {named}; known: {', '.join(known)}")
    if _NEVER_ALONE.issuperset(terms):
        raise ConfigError(
            f"loss.terms: {', '.join(terms)} alone is least where everything is crack; add a term "
            "that counts false alarms, such as bce or dice"
        )
    for name, factor in terms.items():
        if not FACTOR_LIMITS.hold(factor):
            raise ConfigError(f"loss.terms.{name}={factor}: a factor is {FACTOR_LIMITS}")
    used = uses_class_weights(terms)
    if weights_given and not used:
        raise ConfigError(
            f"loss.class_weights: no term of {', '.join(terms)} uses class weights, they would be "
            f"ignored; leave them null or take one of {', '.join(WEIGHTED_TERMS)}"
        )
    if used and not weights_given:
        raise ConfigError(
            "loss.class_weights: missing; give two numbers (background, crack) or auto"
        )


def check_class_weights(class_weights: Any) -> None:
    """Refuses anything but a pair of weights.

    Raises:
        ConfigError: They are not two such numbers.
    """
    pair = class_weights if isinstance(class_weights, list | tuple) else ()
    right = [FACTOR_LIMITS.hold(weight) for weight in pair]
    if right != [True, True]:
        raise ConfigError(
            f"loss.class_weights={class_weights}: they are two numbers {FACTOR_LIMITS}, "
            "background and crack, or auto"
        )


def _as_weights(class_weights: Sequence[float] | None) -> Tensor | None:
    if class_weights is None:
        return None
    check_class_weights(class_weights)
    return torch.tensor(class_weights, dtype=torch.float32)
