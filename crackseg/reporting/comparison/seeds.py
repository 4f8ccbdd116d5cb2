"""How far seeds alone move runs, and whether a difference holds under each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from crackseg.reporting.comparison.differences import other_pixels
from crackseg.reporting.comparison.entries import RunResult, labels_but_for, varied_settings

_SEED = "seed"
# Of runs that are alike, two seeds agree by chance in one case of two.
_MIN_SEEDS = 3


@dataclass(frozen=True)
class Spread:
    """The mean of a figure over seeds, the smallest and the largest.

    Attributes:
        mean: of all.
        low: the smallest.
        high: the largest.
        seeds: how many there are.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def one_sided(self) -> bool:
        """Whether a difference has the same sign under every seed, and these are some."""
        return self.seeds >= _MIN_SEEDS and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in nothing but their seeds.

    Attributes:
        label: what is peculiar to them, empty where that is nothing.
        entries: the runs.
        val: crack IoU on validation.
        test: the same on the report's subset.
        difference: of the latter from the baseline's run of the same seed; None for the baseline's
            own runs, and where no seed has both on the same pixels.
    """

    label: str
    entries: tuple[RunResult, ...]
    val: Spread
    test: Spread
    difference: Spread | None


def seed_groups(entries: Sequence[RunResult], baseline: RunResult) -> list[SeedGroup]:
    """Runs that differ in nothing but their seeds, together; the best mean on validation first."""
    first = sorted(entries, key=lambda entry: entry is not baseline)
    found = [list(_by_its_seed(members).values()) for members in by_seed(first)]
    own = next((members for members in found if baseline in members), [])
    labels = labels_but_for(_SEED, [members[0].run for members in found])
    rows = [
        SeedGroup(
            label,
            tuple(members),
            _spread(one.val_iou for one in members),
            _spread(one.test_iou for one in members),
            None if members is own else _difference(own, members),
        )
        for label, members in zip(labels, found, strict=True)
    ]
    return sorted(rows, key=lambda row: -row.val.mean)


def by_seed(entries: Sequence[RunResult]) -> list[list[RunResult]]:
    """Runs that differ in nothing but their seed, where there are several."""
    keys = [key for key in varied_settings(entries) if key != _SEED]
    alike: dict[tuple[str | None, ...], list[RunResult]] = {}
    for entry in entries:
        alike.setdefault(tuple(entry.settings.get(key) for key in keys), []).append(entry)
    return [members for members in alike.values() if len(_by_its_seed(members)) > 1]


def _by_its_seed(members: Sequence[RunResult]) -> dict[str | None, RunResult]:
    """One of each seed: the baseline, or else the first, of several that were trained alike."""
    found: dict[str | None, RunResult] = {}
    for entry in members:
        found.setdefault(entry.settings.get(_SEED), entry)
    return found


def _difference(own: Sequence[RunResult], members: Sequence[RunResult]) -> Spread | None:
    ours, theirs = _by_its_seed(own), _by_its_seed(members)
    pairs = [(entry, theirs[seed]) for seed, entry in ours.items() if seed in theirs]
    found = [
        second.test_iou - first.test_iou
        for first, second in pairs
        if not other_pixels(first.test.images, second.test.images)
    ]
    return _spread(found) if found else None


def _spread(figures: Iterable[float]) -> Spread:
    each = list(figures)
    return Spread(fmean(each), min(each), max(each), len(each))
