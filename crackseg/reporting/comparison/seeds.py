"""How far seeds alone move figures, and whether a difference holds under every seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from crackseg.reporting.comparison.differences import other_pixels
from crackseg.reporting.comparison.entries import RunResult, labels_but_for, varied_settings

_SEED = "seed"
# With equally good runs, the signs of two seeds agree by chance in one case of two.
_MIN_SEEDS = 3


@dataclass(frozen=True)
class Spread:
    """Mean, smallest and largest value of a figure over seeds.

    Attributes:
        mean: Mean over all seeds.
        low: Smallest value.
        high: Largest value.
        seeds: Number of seeds.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def one_sided(self) -> bool:
        """Whether a difference has the same sign under every seed, of which there are enough."""
        return self.seeds >= _MIN_SEEDS and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in nothing but their seeds.

    Attributes:
        label: Short text of what distinguishes these runs; empty where nothing does.
        entries: Runs of the group.
        val: Crack IoU on validation.
        test: Crack IoU on the report's subset.
        difference: Difference of ``test`` from the baseline's run of the same seed. None for the
            baseline's own runs, and where no seed has both on the same pixels.
    """

    label: str
    entries: tuple[RunResult, ...]
    val: Spread
    test: Spread
    difference: Spread | None


def seed_groups(entries: Sequence[RunResult], baseline: RunResult) -> list[SeedGroup]:
    """Groups runs that differ only in their seeds; the best mean on validation comes first."""
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
    """Groups runs that differ only in their seed, where there are several seeds."""
    keys = [key for key in varied_settings(entries) if key != _SEED]
    alike: dict[tuple[str | None, ...], list[RunResult]] = {}
    for entry in entries:
        alike.setdefault(tuple(entry.settings.get(key) for key in keys), []).append(entry)
    return [members for members in alike.values() if len(_by_its_seed(members)) > 1]


def _by_its_seed(members: Sequence[RunResult]) -> dict[str | None, RunResult]:
    """One run of each seed: of several, the baseline or else the first."""
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
