"""Adapts a network to photographs of one site by a handful of labelled ones."""

import logging
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.adaptation.calibrating import calibrate
from crackseg.adaptation.choosing import (
    Adapted,
    LeftOut,
    at,
    chosen_threshold,
    ious_left_out,
    ious_of,
    least_gain,
    with_threshold_of_others,
)
from crackseg.adaptation.fitting import RATE, STEPS, TERMS, fitted, seen_by
from crackseg.adaptation.photographs import PARTS, Labelled, parts_of, side_of_parts
from crackseg.checkpoint import Checkpoint, CheckpointParameters, Origin, write_checkpoint
from crackseg.checkpoint.parameters import (
    LossParameters,
    OptimizerParameters,
    SchedulerParameters,
)
from crackseg.errors import DatasetError, DatasetNotFoundError
from crackseg.images.pixels import binarize
from crackseg.inference.engines import is_onnx, line_of
from crackseg.inference.familiarity import known_site
from crackseg.inference.features import FeatureMoments
from crackseg.inference.graphs.trainable import TrainableNetwork, trainable_network
from crackseg.inference.looks import Looking
from crackseg.inference.model_file import SUFFIX, write_model
from crackseg.inference.scales import scales_of
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import SkipNetwork
from crackseg.parameters.adaptation import Adaptation
from crackseg.parameters.known_photographs import KnownPhotographs
from crackseg.parameters.usage import UsageParameters
from crackseg.system.files import require_writable_file
from crackseg.system.progress import progress
from crackseg.workflows.export import exported
from crackseg.workflows.labelled.photographs import labelled_photographs
from crackseg.workflows.train import package_versions

log = logging.getLogger(__name__)

# Fewer photographs tell no more than where to cut.
LEAST_TO_FIT = 5
THRESHOLD_ALONE = "threshold"
FITTED = "normalisation, last level"


def adapt(
    path: Path, roots: Sequence[Path], output: Path, origins: Path | None = None, seed: int = 0
) -> Adapted:
    """Adapts a network and writes it, where that helps on photographs left out.

    Args:
        path: File of the network.
        roots: Folders with labelled photographs, in any form that ``data=folder`` takes.
        output: Path of the adapted network, ``.ckpt`` or ``.onnx``.
        origins: Table of the photographs that crops were cut from, as ``data.origins`` takes it.
        seed: Seed of all draws.

    Raises:
        CheckpointError: The file cannot be used or trained.
        DatasetNotFoundError: A folder does not exist, or holds no labelled photograph.
        DatasetError: There are too few photographs with cracks, or nothing helps.
        OutputError: The adapted network cannot be written.
    """
    require_writable_file(output, SUFFIX if is_onnx(output) else ".ckpt")
    base = trainable_network(path)
    # Before it takes minutes, since its licence is that of the new network.
    log.info("%s", line_of(path, base.usage, base.licence))
    look = partial(_looking, base.usage)
    now = look(base.network)
    photographs = _read(roots, base.usage, origins, seed)
    names = tuple(dict.fromkeys(one.photograph for one in photographs))
    fit = partial(_fit, base, seed)
    ious = ious_of(now, photographs)
    before = at(ious, base.usage.threshold)
    changed = FITTED if len(names) >= LEAST_TO_FIT else THRESHOLD_ALONE
    if changed == FITTED:
        ious = ious_left_out(photographs, fit, look)
    left_out = LeftOut(before, with_threshold_of_others(ious))
    _require_gain(left_out, len(names))
    network = fit(photographs) if changed == FITTED else base.network
    known = _known(base.usage, look(network), photographs) if changed == FITTED else None
    # Of photographs that the network was fitted to it would be another one.
    threshold = chosen_threshold(ious)
    record = _record(base, left_out, changed, len(names))
    _write(network, _parameters(base, path, threshold, record, known, seed), output)
    return Adapted(left_out, changed, base.usage.threshold, threshold, names)


def _read(
    roots: Sequence[Path], usage: UsageParameters, origins: Path | None, seed: int
) -> list[Labelled]:
    """Reads labelled photographs, of large ones some parts."""
    try:
        data = labelled_photographs(roots, usage, origins)
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(
            f"{error}. Where nothing is labelled yet, crackseg adapt FOLDER --suggest 5 --output "
            "TO_LABEL says what to label"
        ) from error
    rows, seen = data.manifest.rows, seen_by(usage)
    side = side_of_parts(seen.size, seen.smallest)
    found: list[Labelled] = []
    cracks, cut = set(), 0
    for row in progress(rows, "Reading", len(rows)):
        image, truth = data.pixels.read(row)
        crack = binarize(truth, usage.preprocessing.mask_threshold)
        parts = parts_of(Labelled(row.group, image, crack), side, seed)
        cut += len(parts) > 1
        cracks |= {row.group} if crack.any() else set()
        found += parts
    if cut:
        log.info("%d photographs are large: up to %d parts of each are used", cut, PARTS)
    if len(cracks) < 2:
        raise DatasetError(
            f"{', '.join(map(str, roots))}: {len(cracks)} labelled photographs with cracks; "
            "adapting takes two or more, and five or more to change more than the threshold; label "
            "more (crackseg adapt FOLDER --suggest 5 says which)"
        )
    return found


def _looking(usage: UsageParameters, network: SkipNetwork) -> Looking:
    return Looking(TorchEngine(network), scales_of(None, usage), usage.preprocessing.resize)


def _fit(base: TrainableNetwork, seed: int, photographs: Sequence[Labelled]) -> SkipNetwork:
    network = fitted(base.network, photographs, seen_by(base.usage), seed)
    calibrate(network, _looking(base.usage, network), photographs)
    return network


def _known(
    usage: UsageParameters, looking: Looking, photographs: Sequence[Labelled]
) -> KnownPhotographs | None:
    """What the place looks like to the fitted network; None where that cannot be compared."""
    if usage.known is None or usage.known.scales != looking.scales:
        return None
    seen: dict[str, FeatureMoments] = {}
    for one in photographs:
        looking.probability(one.image, seen.setdefault(one.photograph, FeatureMoments()))
    return known_site(np.stack([moments.features for moments in seen.values()]), usage.known)


def _require_gain(left_out: LeftOut, count: int) -> None:
    least = least_gain(count)
    if left_out.gain > least:
        return
    low, high = left_out.interval
    raise DatasetError(
        f"not adapted: on photographs left out, crack IoU changes by {left_out.gain:+.3f} "
        f"({low:+.3f} to {high:+.3f}), and with {count} photographs a gain is believed above "
        f"{least:.3f}; keep the network as it is, label more photographs, or look whether masks "
        "and photographs fit together"
    )


def _record(base: TrainableNetwork, left_out: LeftOut, changed: str, count: int) -> Adaptation:
    low, high = left_out.interval
    return Adaptation(
        base=base.name,
        licence=base.licence,
        photographs=count,
        changed=changed,
        before=float(left_out.before.mean()),
        after=float(left_out.after.mean()),
        low=low,
        high=high,
    )


def _parameters(
    base: TrainableNetwork,
    path: Path,
    threshold: float,
    record: Adaptation,
    known: KnownPhotographs | None,
    seed: int,
) -> CheckpointParameters:
    """Parameters of the adapted network; a promise of the former one no longer holds."""
    usage = {field.name: getattr(base.usage, field.name) for field in fields(UsageParameters)}
    usage |= {"threshold": threshold, "promise": None, "known": known, "adaptation": record}
    origin = Origin.of_file(path, base.licence)
    if isinstance(base.usage, CheckpointParameters):
        return replace(base.usage, **usage, scaling=None, init_from=origin)
    return CheckpointParameters(
        **usage,
        model=base.model,
        loss=LossParameters(TERMS, None),
        optimizer=OptimizerParameters(RATE, weight_decay=0.0),
        scheduler=SchedulerParameters("val/best_crack_iou", 0.5, 3, 0.0, "one_cycle"),
        seed=seed,
        versions=package_versions(),
        init_from=origin,
    )


def _write(network: SkipNetwork, parameters: CheckpointParameters, output: Path) -> None:
    weights = {f"network.{name}": one.cpu() for name, one in network.state_dict().items()}
    content: dict[str, Any] = {
        "epoch": 0,
        "global_step": STEPS,
        "pytorch-lightning_version": version("lightning"),
        "state_dict": weights,
        # Lightning's name for parameters that it gives to a constructor by name.
        "hparams_name": "kwargs",
        "hyper_parameters": parameters.as_dict(),
    }
    if not is_onnx(output):
        write_checkpoint(content, output)
        return
    made = exported(Checkpoint(output, parameters, 0, STEPS, content), licence=None)
    write_model(made.graph, made.info, output)
