"""Prints what was found in a data set."""

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.data.analysis.problems import KINDS, Problem
from crackseg.data.analysis.verify import BINS, CUTS, Summary, Verification
from crackseg.errors import name_some
from crackseg.system.console import Terminal

# More than any table needs; in a narrower window its lines are wrapped, not cut off.
_WIDTH = 200
_MOST_NAMED = 5
_INDENT = " " * len("warning ")
_STORED = {
    "grey": "grey",
    "binary": "only 0 and 255",
    "zero_one": "only 0 and 1 (read as 0 and 255)",
    "palette": "palette",
    "alpha": "painted on transparency (its opacity is read)",
    "colour": "coloured (the brightest channel is read)",
    "annotation": "annotations",
    "none": "none, taken as crack-free",
}


def print_verification(found: Verification) -> None:
    """Prints tables of the masks, then the problems, then the verdict."""
    console = Terminal()
    console.width = max(console.width, _WIDTH)
    rows = {source or "(unknown)": summary for source, summary in found.sources.items()}
    if len(rows) > 1:
        rows["all"] = found.overall
    parts = (
        Text(f"{found.root}: {found.overall.pairs:,} pairs\n", "bold"),
        _shares(rows),
        Text("\nmask values: % of the pixels from each value up to the next"),
        _histograms(rows),
        Text(),
        *_facts(found),
        Text(),
        *_findings(found),
        _verdict(found),
    )
    for part in parts:
        # A name that is broken in two cannot be copied.
        console.print(part, soft_wrap=isinstance(part, Text))


def _shares(rows: Mapping[str, Summary]) -> Table:
    """The share of crack at each mask threshold, and how many masks it leaves empty."""
    emptied = [f"emptied by >{cut}" for cut in CUTS if cut]
    table = _table("source", "pairs", "empty masks", *(f"crack >{cut}" for cut in CUTS), *emptied)
    for source, summary in rows.items():
        table.add_row(
            Text(source),
            f"{summary.pairs:,}",
            f"{summary.empty:,}",
            *(f"{summary.crack_share[cut]:.2%}" for cut in CUTS),
            *(f"{summary.emptied[cut]:,}" for cut in CUTS if cut),
        )
    return table


def _histograms(rows: Mapping[str, Summary]) -> Table:
    table = _table("source", *(str(place * 256 // BINS) for place in range(BINS)))
    for source, summary in rows.items():
        total = max(sum(summary.histogram), 1)
        shares = [100 * count / total for count in summary.histogram]
        figures = [f"{share:.1f}" if share >= 10 else f"{share:.2f}" for share in shares]
        table.add_row(Text(source), *figures)
    return table


def _table(*heading: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, padding=(0, 0, 0, 1))
    for place, name in enumerate(heading):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    return table


def _facts(verification: Verification) -> Iterator[Text]:
    subsets = {
        subset or "none": verification.subsets[subset]
        for subset in ("train", "val", "test", "")
        if subset in verification.subsets
    }
    yield from map(Text, verification.mask_lines)
    kinds = {_STORED.get(kind, kind): count for kind, count in verification.mask_kinds.items()}
    for what, counts in (
        ("ready subsets", {} if list(subsets) == ["none"] else subsets),
        ("sizes (width x height)", verification.image_sizes),
        ("masks stored as", kinds),
    ):
        if counts:
            listed = (f"{name} {count:,}" for name, count in counts.items())
            yield Text(f"{what}: {name_some(listed, 2 * _MOST_NAMED)}")
    if verification.labels:
        yield Text(verification.labels)


def _findings(verification: Verification) -> Iterator[Text]:
    for kind, (title, spoils, remedy) in KINDS.items():
        problems = verification.of_kind(kind)
        if problems:
            yield _headline(spoils, f"{title}: {len(problems):,}; {remedy}")
            yield from _details(problems)
    for files, what in (
        (verification.images_without_mask, "images without a mask"),
        (verification.masks_without_image, "masks without an image"),
    ):
        if files:
            yield _headline(False, f"{what}: {len(files):,}; training leaves them out and says so")
            yield Text(f"{_INDENT}{name_some(files, _MOST_NAMED)}")
    for remark in verification.remarks:
        yield _headline(False, remark)


def _headline(spoils: bool, text: str) -> Text:
    level = ("error", "bold red") if spoils else ("warning", "yellow")
    return Text.assemble(level, f"{'':{len(_INDENT) - len(level[0])}}{text}")


def _details(problems: Sequence[Problem]) -> Iterator[Text]:
    """Groups equal findings, each with the names of some files."""
    names: dict[str, list[str]] = {}
    for problem in problems:
        named = " = ".join(pair.image for pair in problem.pairs)
        names.setdefault(problem.detail, []).append(named)
    most = sorted(names.items(), key=lambda item: -len(item[1]))
    for detail, files in most[:_MOST_NAMED]:
        shown = name_some(filter(None, files), _MOST_NAMED)
        yield Text(f"{_INDENT}{len(files):,} x {detail}{shown and f': {shown}'}")
    rest = sum(len(files) for _, files in most[_MOST_NAMED:])
    if rest:
        yield Text(f"{_INDENT}and {rest:,} more; --json FILE names all")


def _verdict(verification: Verification) -> Text:
    if verification.spoils:
        count = len(verification.exclusions)
        return Text(
            f"this would spoil a training: mend it, or leave {count:,} photographs out with a "
            "list that --exclude FILE writes",
            "bold red",
        )
    return Text("nothing here would spoil a training", "bold green")
