"""How far the recipe carries: trained without a family of sources, and judged on that family.

What is done is kept below ``outputs/box/generalise``, so that a second call goes on after a break.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from box import build
from box.figures import judged_set
from box.pages import HEADINGS, counts_of, grid, scores_of
from box.recipes import ALL, FAMILIES, SHARES_OF_UNSEEN, Family
from crackseg.cli.main import main as crackseg
from crackseg.errors import CrackSegError
from crackseg.parameters.judged_set import Figures, JudgedSet
from crackseg.reporting.formatting import short_score
from crackseg.system.files import write_text

PAGE = build.ROOT / "docs" / "generalisation.md"
# Of each training; an epoch that would end later does not begin.
MINUTES = 20
_EPOCHS = 40
_RECIPE = build.ROOT / "conf" / "experiment" / "box" / "research.yaml"
_MARKED = re.compile(r"(<!-- box generalisation -->\n).*?(<!-- end of box -->)", re.DOTALL)
_SEEN, _UNSEEN = "seen", "unseen"


def generalise(data: Path | None, settings: Sequence[str] = (), page: Path = PAGE) -> Path:
    """Trains and judges without each family, and writes the table.

    Args:
        data: Folder of all photographs.
        settings: Further settings of all trainings, such as ``trainer.max_time=10``.
        page: Page with the table.

    Returns:
        The path of the page.

    Raises:
        DatasetNotFoundError: Photographs are missing; all missing folders are named.
        CrackSegError: A command failed; the next call goes on there.
    """
    data = build.require(data, ALL)
    work = build.WORK / "generalise"
    photographs = build.photograph_settings(ALL, data, work)
    judged = {one: judged_without(one, photographs, settings, work / one.name) for one in FAMILIES}
    text = page.read_text(encoding="utf-8")
    rows = [row for family, sets in judged.items() for row in rows_of(family, *sets)]
    write_text(page, _MARKED.sub(lambda found: found[1] + table(rows) + found[2], text))
    return page


def judged_without(
    family: Family, photographs: Sequence[str], settings: Sequence[str], work: Path
) -> tuple[JudgedSet, JudgedSet]:
    """Figures of a network that was trained without a family: on what it knows, and on the family.

    Args:
        family: Family that is left out.
        photographs: Settings of the data of all families.
        settings: Further settings of the training.
        work: Folder of its results.
    """
    left = f"data.without_sources=[{','.join((*ALL.without, *family.sources))}]"
    # A later setting of the same name holds.
    known = [*photographs, left]
    length = [f"trainer.max_epochs={_EPOCHS}", f"trainer.max_time={MINUTES}"]
    named = ",".join(f"{name}: {share:.9f}" for name, share in shares_without(family).items())
    # Hydra would add them to those of the recipe.
    shares = ["data.shares=null", f"data.shares={{{named}}}"]
    checkpoint = build.trained(ALL.experiment, [*known, *length, *shares, *settings], work / "run")
    model = work / "model.onnx"
    exported = build.is_newer(model, checkpoint)
    if not exported and crackseg(["export", str(checkpoint), "--output", str(model)]):
        raise CrackSegError(f"{checkpoint}: could not be exported, as said above")
    own = build.evaluated(model, [*known, *build.OWN_TEST], work / _SEEN)
    of_family = [f"data.sources=[{','.join(family.sources)}]", "subset=all"]
    other = build.evaluated(model, [*photographs, *of_family], work / _UNSEEN)
    return judged_set(_SEEN, own), judged_set(_UNSEEN, other, unseen=True)


def shares_without(family: Family) -> dict[str, float]:
    """Shares of the sources that take part, by name; they add up to 1."""
    shares = {**OmegaConf.load(_RECIPE).data.shares, **SHARES_OF_UNSEEN}
    kept = {name: share for name, share in shares.items() if name not in family.sources}
    return {name: share / sum(kept.values()) for name, share in kept.items()}


def rows_of(family: Family, known: JudgedSet, unseen: JudgedSet) -> list[list[str]]:
    """Rows of a family: the other sources' test subset, then the family."""
    return [
        [family.name, family.holds, _SEEN, *_figures(known.total)],
        [family.name, family.holds, _UNSEEN, *_figures(unseen.total)],
    ]


def table(rows: Sequence[Sequence[str]]) -> str:
    """The table of all families as Markdown."""
    headings = ["left out", "what it shows", "judged on", "images", "photographs", *HEADINGS]
    return grid([*headings, "best crack IoU", "false alarms, pixels"], rows)


def _figures(figures: Figures) -> list[str]:
    alarms = f"{figures['alarm_pixels']:,.0f}" if "crack_free" in figures else ""
    best = f"{short_score(figures['best_crack_iou'])} at {figures['best_threshold']:.2f}"
    return [*counts_of(figures), *scores_of(figures), best, alarms]
