"""Sentences that say what to see in each plot, made from its figures."""

from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.statistics import balance, profile
from crackseg.reporting.exploration.wording import UNKNOWN, by_source
from crackseg.reporting.formatting import percent, pixels, size


def of_sources(exploration: Exploration) -> str:
    """Says which source a training sees most."""
    sources = exploration.sources
    largest, measured = next(iter(sources.items()))
    if len(sources) == 1:
        return "All pairs are of one source, so that nothing here tells how others would fare."
    share = percent(len(measured) / len(exploration.measured))
    return (
        f"A training sees most of {largest or UNKNOWN}, {share} of all pairs; what holds there "
        "need not hold for the others."
    )


def of_shares(exploration: Exploration) -> str:
    """Says how little of a photograph is crack."""
    share = profile(exploration.measured, exploration.mask_threshold).crack_share
    if share is None:
        return "No photograph here shows any crack: nothing could be learnt from them alone."
    takes = (
        f"In half of the photographs with a crack it takes less than {percent(share)} of the pixels"
    )
    if share > 0.5:
        return f"{takes}, which is more than any real crack does."
    right = percent(1 - share)
    return f"{takes}; a network that finds none at all is still right about {right} of them."


def of_widths(exploration: Exploration) -> str:
    """Says what resizing to training size does to thin cracks."""
    whole = profile(exploration.measured, exploration.mask_threshold)
    if whole.widths is None:
        return "There is no crack whose width could be measured."
    return (
        f"Half of the cracks' length is less than {pixels(whole.widths[1])} pixels wide; at "
        f"{training_size(exploration)}, {percent(whole.below_a_pixel)} of it is thinner than a "
        "single pixel."
    )


def of_balance(exploration: Exploration) -> str:
    """Says for which source the mask threshold matters most."""
    gentle, *_, harsh = exploration.mask_thresholds
    ratios = {}
    for source, measured in by_source(exploration).items():
        kept, left = (balance(measured, threshold).small.share for threshold in (gentle, harsh))
        ratios[source] = kept / left if left else float("inf") if kept else 1.0
    most = max(ratios, key=lambda source: ratios[source])
    if ratios[most] <= 1:
        return "The cuts make no difference here."
    if ratios[most] == float("inf"):
        effect = f"of {most}, a cut at {harsh} leaves no crack at all."
    else:
        effect = (
            f"of {most}, a cut at {gentle} takes {ratios[most]:.2g} times as much for crack as one "
            f"at {harsh}."
        )
    return f"The farther apart the marks, the more the cut decides what a crack is: {effect}"


def of_mask_values(exploration: Exploration) -> str:
    """Says how much of the masks is neither black nor white."""
    _, *grey, white = exploration.verification.overall.histogram
    if not sum(grey) + white:
        return "All masks are black."
    if not sum(grey):
        return "The masks are black and white: the cuts differ only once they were resized."
    share = percent(sum(grey) / (sum(grey) + white))
    return (
        f"{share} of what is not black is grey: the rims of the cracks, on which the cuts "
        "do not agree."
    )


def training_size(exploration: Exploration) -> str:
    """Width and height that photographs are resized to."""
    image_size = exploration.preprocessing.image_size
    return size(image_size) if image_size else "the photographs' own size"
