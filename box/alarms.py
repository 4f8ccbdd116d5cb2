"""How often a network says of photographs that they are unlike those that it was trained on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from crackseg.data.splits.manifest import Row
from crackseg.errors import CrackSegError
from crackseg.inference.familiarity import LEAST_TO_TELL, familiarity
from crackseg.inference.features import FloatArray
from crackseg.inference.predictor import Predictor
from crackseg.system.files import write_json
from crackseg.system.progress import progress
from crackseg.workflows.known_photographs import drawn

# Photographs that a user is supposed to predict together.
BATCH = 20
_MOST_IMAGES = 40
_DRAWS = 50


@dataclass(frozen=True)
class Alarms:
    """What a network says of batches of one source.

    Attributes:
        images: Number of images that the batches were drawn from.
        rate: Share of the batches that it calls unlike.
        distance: Median distance of the batches.
        limit: Distance from which on it calls them so.
    """

    images: int
    rate: float
    distance: float
    limit: float


def alarms_by_source(
    model: Path, root: Path, rows: Sequence[Row], kept: Path
) -> Mapping[str, Alarms]:
    """What a network says of each source of five images and more.

    It is read from a file where it was asked before.

    Args:
        model: File of the network.
        root: Folder that the rows' paths are relative to.
        rows: Images.
        kept: File of the answers.

    Raises:
        CrackSegError: The file does not say what the network knows.
    """
    if kept.is_file() and kept.stat().st_mtime >= model.stat().st_mtime:
        return {name: Alarms(**one) for name, one in json.loads(kept.read_text("utf-8")).items()}
    predictor = Predictor.from_checkpoint(model)
    if predictor.known is None:
        raise CrackSegError(f"{model}: it does not say what its training photographs are like")
    random, found = np.random.default_rng(0), {}
    by_source = drawn(rows, _MOST_IMAGES)
    for source in progress(by_source, model.parent.name, len(by_source)):
        paths = [root / row.image for row in by_source[source]]
        if len(paths) >= LEAST_TO_TELL:
            features = np.stack([predictor.features(path) for path in paths])
            found[source] = _alarms(predictor, features, random)
    write_json({name: asdict(one) for name, one in found.items()}, kept)
    return found


def _alarms(predictor: Predictor, features: FloatArray, random: np.random.Generator) -> Alarms:
    assert predictor.known is not None
    batches = (random.permutation(features)[:BATCH] for _ in range(_DRAWS))
    said = [one for batch in batches if (one := familiarity(batch, predictor.known))]
    return Alarms(
        images=len(features),
        rate=float(np.mean([one.unlike for one in said])),
        distance=float(np.median([one.distance for one in said])),
        limit=predictor.known.limit,
    )
