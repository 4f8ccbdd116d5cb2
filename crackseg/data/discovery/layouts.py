"""Reads names of folders and files: photograph or mask, subset and stem.

Known layouts, in any nesting (an unzip tool may put a volume into itself):

    Final-Dataset-Vol1/Images, Final-Dataset-Vol2/Images-2, Final-Dataset-Vol1/Final_Masks/Masks
    images with masks, labels, ground_truth, gt, annotations or segmentation
    train/images, train/masks, val/..., test/..., or images/train, masks/train, ...
    train_img, train_lab, test_img, test_lab: DeepCrack's own
    JPEGImages, SegmentationClass (also SegmentationClassPNG): PASCAL VOC's
    imagesTr with X_0000.png, labelsTr with X.png: nnU-Net's
    leftImg8bit with X_leftImg8bit.png, gtFine with X_gtFine_labelIds.png: Cityscapes's
    X.jpg and X_mask.png, side by side or in the folders above; image_7.jpg and mask_7.png
    crack_masks, and X_crack.png in a folder of masks

``Heads`` holds saliency maps under the names of masks, and ``SegmentationObject`` single objects.
Neither is read.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from crackseg.images.pixels import IMAGE_SUFFIXES, MASK_SUFFIXES

Kind = Literal["image", "mask", "label"]

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("image", "images", "img", "imgs", "jpegimages"), "image"),
    **dict.fromkeys(("mask", "masks", "segmentationclass", "segmentationclassaug"), "mask"),
    # Labelme's own converter writes it; its folder of overlays is never read.
    "segmentationclasspng": "mask",
    # These names are less certain: annotators also keep photographs in such folders.
    **dict.fromkeys(("label", "labels", "annotation", "annotations", "ann", "annot"), "label"),
    **dict.fromkeys(("groundtruth", "groundtruths", "gt", "gts"), "label"),
    **dict.fromkeys(("segmentation", "segmentations", "seg"), "label"),
    **dict.fromkeys(("leftimgbit",), "image"),
    **dict.fromkeys(("gtfine", "gtcoarse"), "label"),
}
# Among other words in a name, "ann" is a person, and "seg" a part of a road.
TRUTH_WORDS = frozenset(word for word, said in KINDS.items() if said != "image") - {"ann", "seg"}
"""Words that name masks and annotations."""
# A crack segmentation is often the name of a whole data set.
_CRACK_TRUTHS = TRUTH_WORDS - {"segmentation", "segmentations"}
CRACK_WORDS = frozenset({"crack", "cracks"})
SUBSET_SPELLINGS = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_CHANNELLED = {"imagestr": "train", "imagests": "test"}
_NEVER_READ = frozenset(
    {"heads", "__macosx", "segmentationclassvisualization", "segmentationobject"}
)
MASK_ENDING = "_mask"
OTHER_ENDINGS = ("_label", "_labels", "_gt", "_groundtruth", "_segmentation", "_seg", "_annotation")
"""What may stand behind the photograph's name in a mask's, besides ``_mask``."""
_AROUND = "masks?|labels?|gt|ground[_-]?truth|segmentation|seg|annotations?|binary"
_BEHIND = re.compile(rf"(?P<stem>.+)[_. -]({_AROUND})", re.IGNORECASE)
_BEFORE = re.compile(rf"({_AROUND})[_. -](?P<stem>.+)", re.IGNORECASE)
_OF_CRACKS = re.compile(r"(?P<stem>.+)[_. -]cracks?", re.IGNORECASE)
_NUMBERED = re.compile(rf"({_AROUND})(?P<number>([_. -]?\d+)?)", re.IGNORECASE)
_PHOTOGRAPH_WORDS = tuple(
    form for word in ("image", "img", "photo") for form in (word, word.title(), word.upper())
)
_CHANNEL = re.compile(r"(.+)_(\d{4})")
_CITYSCAPES = re.compile(r"(.+)_(leftImg8bit|gt(Fine|Coarse)_labelIds)")


class Key(NamedTuple):
    """Key that a photograph and its mask share: the subset, if any, and the stem."""

    subset: str
    stem: str


class _Folder(NamedTuple):
    kind: Kind | None
    subset: str


class Division(NamedTuple):
    """Files by their kind, as their names say it, in the order of the files.

    Attributes:
        photographs: Pictures that are not masks.
        masks: Mask pictures.
        channels: Pictures that are further channels of a photograph.
    """

    photographs: list[Path]
    masks: list[Path]
    channels: list[Path]


def is_read(path: Path) -> bool:
    """Whether a file, relative to its root, is not hidden and in no folder that is never read."""
    parts = [part.lower() for part in path.parts]
    return not any(part.startswith(".") for part in parts) and not _NEVER_READ.intersection(
        parts[:-1]
    )


def divide(files: Iterable[Path], told: Collection[Path] = ()) -> Division:
    """Separates photographs from masks by their names alone.

    Images in folders such as ``labels`` are masks of photographs elsewhere. If there are no
    photographs elsewhere, they are photographs themselves, annotated in another way.

    Args:
        files: Image files, relative to their root.
        told: Files among them that are masks by the names of folders side by side.
    """
    pictures = [path for path in files if path.suffix.lower() in MASK_SUFFIXES]
    images = [path for path in pictures if path.suffix.lower() in IMAGE_SUFFIXES]
    stems = {path.with_suffix("") for path in images}
    masks = {path for path in pictures if says_mask(path) or _is_named_after(path, stems)}
    masks.update(told)
    labels = {path for path in pictures if kind(path) == "label"}
    if masks.union(labels) != set(pictures):
        masks |= labels
    channels = {path for path in images if _is_further_channel(path, stems)} - masks
    others = masks | channels
    return Division(
        [path for path in images if path not in others],
        [path for path in pictures if path in masks],
        [path for path in images if path in channels],
    )


def kind(path: Path) -> Kind | None:
    """Kind of a file, by the nearest folder above it whose name says a kind."""
    folders = (kind_of_folder(part) for part in reversed(path.parts[:-1]))
    return next((said for said in folders if said), None)


def subset(path: Path) -> str:
    """Subset ``train``, ``val`` or ``test``, by the nearest folder above; empty if none says it."""
    folders = (_folder(part).subset for part in reversed(path.parts[:-1]))
    return next((said for said in folders if said), "")


def listed_subset(path: Path) -> str:
    """Subset of a file for many photographs, by its folder or its own name."""
    said = {SUBSET_SPELLINGS[word] for word in words_of(path.stem) if word in SUBSET_SPELLINGS}
    return subset(path) or (said.pop() if len(said) == 1 else "")


def kind_of_folder(name: str) -> Kind | None:
    """What a folder holds by its name.

    >>> [kind_of_folder(name) for name in ("images-2", "crack_masks", "rust_masks")]
    ['image', 'mask', None]
    """
    return _folder(name).kind


def is_name_of_masks(name: str) -> bool:
    """Whether a folder or file of this name, without its suffix, holds masks or annotations."""
    return kind_of_folder(name) in ("mask", "label")


def mentions_masks(name: str) -> bool:
    """Whether a name has a word for masks or annotations among others.

    >>> mentions_masks("Ground Truth (binary).zip"), mentions_masks("photographs.zip")
    (True, False)
    """
    words = _words_by_capitals(name)
    joined = (one + other for one, other in pairwise(words))
    return not TRUTH_WORDS.isdisjoint([*words, *joined])


def key(path: Path) -> Key:
    """Key that a photograph and its mask or annotation share."""
    stem = composed(path.stem)
    if stem.lower().endswith(MASK_ENDING):
        stem = stem[: -len(MASK_ENDING)]
    pattern = _CHANNEL if _is_channelled(path) else _CITYSCAPES
    longer = pattern.fullmatch(stem)
    return Key(subset(path), longer[1] if longer else stem)


def keys(path: Path) -> list[Key]:
    """Keys that the photograph of a mask or an annotation may have, the likeliest first.

    >>> [key.stem for key in keys(Path("masks/001.jpg.png"))]
    ['001.jpg', '001']
    """
    first, is_picture = key(path), path.suffix.lower() in MASK_SUFFIXES
    found = [first]
    for stem in (first.stem, _without_suffix(first.stem)):
        pictures = (*_twins(stem), *without_crack(stem)) if is_picture else ()
        for short in (stem, *_photographs_names(stem), *pictures):
            found += [Key(first.subset, one) for one in (short, _without_suffix(short)) if one]
    return list(dict.fromkeys(found))


def composed(name: str) -> str:
    """Joins letters with their accents, which macOS stores separately."""
    return unicodedata.normalize("NFC", name)


def _without_suffix(stem: str) -> str:
    """Cuts ``001.jpg`` to ``001``, since tools write ``001.jpg.png`` or ``001.jpg.json``."""
    name = Path(stem)
    return name.stem if name.suffix.lower() in IMAGE_SUFFIXES else stem


def says_mask(path: Path) -> bool:
    """Whether a picture is a mask by the nearest folder or its own name."""
    stem = path.stem.lower()
    # A picture that is itself named like a folder of masks may hold all of them as pages.
    return kind(path) == "mask" or stem.endswith(MASK_ENDING) or stem in TRUTH_WORDS


def _is_named_after(path: Path, stems: Collection[Path]) -> bool:
    """Whether a photograph beside a file has its name without a word for masks."""
    names = [*_photographs_names(path.stem), *_twins(path.stem)]
    return any(
        path.with_name(name) in stems for one in names for name in (one, _without_suffix(one))
    )


def _photographs_names(stem: str) -> list[str]:
    """Names that the photograph of a mask may have: without a word for masks at either end.

    >>> _photographs_names("wall-mask"), _photographs_names("gt_wall"), _photographs_names("wall")
    (['wall'], ['wall'], [])
    """
    matches = (pattern.fullmatch(stem) for pattern in (_BEHIND, _BEFORE))
    return [match["stem"] for match in matches if match]


def without_crack(stem: str) -> list[str]:
    """Names that the photograph of a mask may have: without a word for cracks behind them."""
    # Of pictures beside the photograph pixels decide: they may be closer photographs of its crack.
    match = _OF_CRACKS.fullmatch(stem)
    return [match["stem"]] if match else []


def _twins(stem: str) -> list[str]:
    """Names of a photograph whose mask has another word in the place of its first one.

    >>> _twins("mask_07")[:4], _twins("masked")
    (['image_07', 'Image_07', 'IMAGE_07', 'img_07'], [])
    """
    match = _NUMBERED.fullmatch(stem)
    return [] if match is None else [f"{word}{match['number']}" for word in _PHOTOGRAPH_WORDS]


def _is_channelled(path: Path) -> bool:
    return any(part.lower() in _CHANNELLED for part in path.parts[:-1])


def _is_further_channel(path: Path, stems: Collection[Path]) -> bool:
    channel = _CHANNEL.fullmatch(path.stem) if _is_channelled(path) else None
    if channel is None or channel[2] == "0000":
        return False
    return path.with_name(f"{channel[1]}_0000") in stems


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters."""
    return re.findall(r"[a-z]+", name.lower())


def _words_by_capitals(name: str) -> list[str]:
    return words_of(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


@lru_cache(maxsize=4096)
def _folder(name: str) -> _Folder:
    if name.lower() in ("imagestr", "imagests"):
        return _Folder("image", _CHANNELLED[name.lower()])
    if name.lower() in ("labelstr", "labelsts"):
        return _Folder("label", _CHANNELLED[name.lower().replace("labels", "images")])
    words = _words_by_capitals(name)
    subsets = [SUBSET_SPELLINGS[word] for word in words if word in SUBSET_SPELLINGS]
    others = [word for word in words if word not in SUBSET_SPELLINGS]
    truth = "".join(word for word in others if word not in CRACK_WORDS)
    rest = truth if truth in _CRACK_TRUTHS else "".join(others)
    if len(subsets) > 1 or (rest and rest not in KINDS and not (subsets and rest == "lab")):
        return _Folder(None, "")
    # Alone, "lab" is probably the place where photographs were taken, not a label.
    said = "label" if rest == "lab" else KINDS.get(rest)
    return _Folder(said, subsets[0] if subsets else "")
