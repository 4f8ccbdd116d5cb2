"""How far the recipe carries: trained without a family of sources, and judged on that family.

What is done is kept below ``outputs/box/generalise``, so that a second call goes on after a break.
"""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf
from scipy.stats import spearmanr

from box import build
from box.alarms import BATCH, Alarms, alarms_by_source
from box.figures import judged_set
from box.pages import HEADINGS, counts_of, grid, scores_of
from box.recipes import ALL, FAMILIES, SHARES_OF_UNSEEN, Family
from crackseg.cli.main import main as crackseg
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import CrackSegError
from crackseg.parameters.judged_set import Figures, JudgedSet
from crackseg.reporting.formatting import short_score
from crackseg.runs.record import MANIFEST
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
    alarms = {one: alarms_without(one, photographs, work) for one in FAMILIES}
    text = page.read_text(encoding="utf-8")
    rows = [row for family, sets in judged.items() for row in rows_of(family, *sets)]
    tables = [table(rows), alarm_table(judged, alarms), foretelling(judged, alarms)]
    write_text(page, _MARKED.sub(lambda found: found[1] + "\n".join(tables) + found[2], text))
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


Judged = Mapping[Family, tuple[JudgedSet, JudgedSet]]
Said = Mapping[Family, Mapping[str, Alarms]]


def alarm_table(judged: Judged, alarms: Said) -> str:
    """What the networks say of each source that they do not know, beside what they lose on it.

    Args:
        judged: Figures on what each network knows, and on the family that was left out.
        alarms: What each network says of the sources of both.
    """
    rows = []
    for family, (_, unseen) in judged.items():
        said = alarms[family]
        known = np.mean([one.rate for name, one in said.items() if name not in family.sources])
        for source in family.sources:
            one, iou = said[source], unseen.sources[source]["crack_iou"]
            cells = [family.name, source, f"{one.images}", f"{one.rate:.0%}", f"{known:.0%}"]
            cells += [f"{one.distance:.2f}", f"{one.limit:.2f}"]
            usual = usual_iou(source, family, judged)
            rows.append([*cells, short_score(usual), short_score(iou)])
    headings = ["left out", "source", "images", f"alarms, batches of {BATCH}"]
    headings += ["alarms on known sources", "distance", "limit"]
    return grid([*headings, "crack IoU of networks that know it", "of this one"], rows)


def foretelling(judged: Judged, alarms: Said) -> str:
    """How well distances foretell what is lost, over pairs of a network and a source."""
    places: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for family, sets in judged.items():
        for source, figures in chain.from_iterable(one.sources.items() for one in sets):
            usual = usual_iou(source, family, judged)
            if not math.isnan(usual) and source in alarms[family] and "crack_iou" in figures:
                said = alarms[family][source]
                lost = usual - figures["crack_iou"]
                places[source in family.sources].append((said.distance / said.limit, lost))
    every = [*places[True], *places[False]]
    return (
        "Rank correlation (Spearman) of distance, as a share of the limit, with the crack IoU that "
        f"is lost against the other networks that know the source: {_order(every)} over all "
        f"{len(every)} pairs of a network and a source, {_order(places[True])} over the "
        f"{len(places[True])} whose source was left out.\n"
    )


def _order(places: Sequence[tuple[float, float]]) -> str:
    distances, losses = zip(*places, strict=True)
    if len(set(distances)) == 1 or len(set(losses)) == 1:
        return "none, as they are all equal,"
    return f"{spearmanr(distances, losses).statistic:.2f}"


def usual_iou(source: str, but: Family, judged: Judged) -> float:
    """Mean crack IoU of a source over the networks that know it, but one; NaN without any."""
    known = (sets[0].sources.get(source, {}) for family, sets in judged.items() if family != but)
    ious = [figures["crack_iou"] for figures in known if "crack_iou" in figures]
    return float(np.mean(ious)) if ious else math.nan


def alarms_without(family: Family, photographs: Sequence[str], work: Path) -> Mapping[str, Alarms]:
    """What the network without a family says of its own test subset, and of the family."""
    other = next(one for one in FAMILIES if one != family)
    own, with_family = (
        read_manifest(work / one.name / "run" / MANIFEST).rows for one in (family, other)
    )
    rows = [row for row in own if row.subset == "test"]
    rows += [row for row in with_family if row.source in family.sources]
    folder = work / family.name
    return alarms_by_source(
        folder / "model.onnx", build.root_of(photographs), rows, folder / "alarms.json"
    )


def _figures(figures: Figures) -> list[str]:
    alarms = f"{figures['alarm_pixels']:,.0f}" if "crack_free" in figures else ""
    best = f"{short_score(figures['best_crack_iou'])} at {figures['best_threshold']:.2f}"
    return [*counts_of(figures), *scores_of(figures), best, alarms]
