"""Counts how much of a division's validation and test was seen in training."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from crackseg.data.splits.manifest import Manifest, Row

# What a line about leaks begins with.
_CLEAN, _UNKNOWN, _LEAK = "no leak", "UNKNOWN", "LEAK"


@dataclass(frozen=True)
class SubsetOverlap:
    """Overlap of one subset with training.

    Attributes:
        total: Number of items in the subset.
        shared: Number of items of a photograph that training has too, or with a near duplicate
            there.
        unknown: Number of further items whose photograph is not known, neither by their own name
            nor by that of a near duplicate.
    """

    total: int
    shared: int
    unknown: int


@dataclass(frozen=True)
class Leaks:
    """Overlap of validation and test with training.

    Attributes:
        val: Overlap of validation.
        test: Overlap of test.
        training_unknown: Number of training items whose photograph is not known; any item may share
            it.
        uncompared: Number of items that were not compared with the others for near duplicates.
        begun_from: Name of a network that was trained on other subsets before this training went on
            from it, and whose photographs nobody compared; empty where there is none.
    """

    val: SubsetOverlap
    test: SubsetOverlap
    training_unknown: int = 0
    uncompared: int = 0
    begun_from: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether no item is shared, and none is of unknown origin."""
        if not self.val.total and not self.test.total:
            return True
        unknown = self.training_unknown or self.uncompared or self.begun_from
        return not unknown and not any(one.shared or one.unknown for one in (self.val, self.test))

    def summary(self) -> str:
        """The line that is shown with every figure."""
        if not self.val.total and not self.test.total:
            return f"{_CLEAN}: there are no val and no test items"
        mark, words = self._of_known()
        if self.uncompared and mark == _CLEAN:
            mark, each = _UNKNOWN, self._each("{0.total} {1}")
            words = (
                f"by their names none of {each} items shares a photograph with training, but "
                f"{self.uncompared} items were not compared for near duplicates"
            )
        elif self.uncompared:
            words += f"; {self.uncompared} items were not compared for near duplicates"
        if self.begun_from:
            mark = _UNKNOWN if mark == _CLEAN else mark
            words += (
                f"; {self.begun_from}, which it began from, was trained on other subsets, and may "
                "know any of them"
            )
        return f"{mark}: {words}"

    def _of_known(self) -> tuple[str, str]:
        """Mark and words of the line as far as names and near duplicates are known."""
        training = ""
        if self.training_unknown:
            training = f"; so it is of {self.training_unknown} training items, which any may share"
        if self.val.shared or self.test.shared:
            unknown = self._each("{0.unknown}")
            rest = "" if unknown in ("0", "0 and 0") else f"; of {unknown} it is unknown"
            return _LEAK, (
                f"{self._each('{0.shared} of {0.total} {1}')} items share a photograph or a near "
                f"duplicate with training{rest}{training}"
            )
        if not self.val.unknown and not self.test.unknown and self.training_unknown:
            return _UNKNOWN, (
                f"of {self.training_unknown} training items the photograph is not known, and any "
                "val or test item may share it"
            )
        if self.val.unknown or self.test.unknown:
            return _UNKNOWN, (
                f"of {self._each('{0.unknown} of {0.total} {1}')} items the photograph is not "
                f"known, and any of them may leak{training}"
            )
        return _CLEAN, (
            f"none of {self._each('{0.total} {1}')} items shares a photograph or a near duplicate "
            "with training"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for a checkpoint or a JSON file."""
        return asdict(self)

    def _each(self, template: str) -> str:
        """Fills the template for each subset that is not empty."""
        parts = [(self.val, "val"), (self.test, "test")]
        return " and ".join(template.format(*part) for part in parts if part[0].total)


def find_leaks(manifest: Manifest) -> Leaks:
    """Counts the leaks of a division, as far as its manifest shows them.

    It shows near duplicates only if they were searched for when it was made.
    """
    return replace(_leaks(manifest.rows, manifest), uncompared=manifest.uncompared)


def find_leaks_by_source(manifest: Manifest) -> dict[str, Leaks]:
    """Counts the leaks of each source, by name; "" stands for an unknown source."""
    sources = sorted({row.source for row in manifest.rows if row.subset != "train"})
    return {
        source: _leaks([row for row in manifest.rows if row.source == source], manifest)
        for source in sources
    }


def _leaks(items: Iterable[Row], manifest: Manifest) -> Leaks:
    training = manifest.subset("train")
    groups = {row.group for row in training}
    photographs = {row.photograph for row in training if row.photograph}
    known = {row.group for row in manifest.rows if row.photograph}
    items = list(items)

    def exposure(subset: str) -> SubsetOverlap:
        rows = [row for row in items if row.subset == subset]
        apart = [r for r in rows if r.group not in groups and r.photograph not in photographs]
        unknown = sum(row.group not in known for row in apart)
        return SubsetOverlap(len(rows), len(rows) - len(apart), unknown)

    unknown = sum(row.group not in known for row in training)
    return Leaks(exposure("val"), exposure("test"), unknown)
