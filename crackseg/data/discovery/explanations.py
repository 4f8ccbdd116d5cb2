"""Messages about photographs and what their masks or annotations are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crackseg.data.annotations.formats.registry import FORMATS
from crackseg.data.annotations.shapes import AnnotationFile
from crackseg.data.discovery.layouts import MASK_ENDING, OTHER_ENDINGS, composed
from crackseg.errors import name_some

_ENDINGS = f"{MASK_ENDING}, {', '.join(OTHER_ENDINGS)} or the photograph's own ending, as X.jpg.png"
# Photographs in a series of numbers.
_LEAST_SERIES = 3
# Windows keeps these names for devices, with any suffix, and cuts blanks and dots at the end.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?|.*[. ]", re.IGNORECASE)
_READ = ", ".join(
    (
        "mask pictures (PNG, TIFF, BMP, JPEG, WebP, GIF) with the photograph's name in a folder "
        "masks, or X_mask.png",
        *(known.name for known in FORMATS),
        "SegmentationClass with labelmap.txt, and nnU-Net's labelsTr",
    )
)
_LAYOUTS = (
    "Final-Dataset-Vol*/Images*/ with Final_Masks/Masks/; images/ with masks/, labels/, "
    "ground_truth/, gt/ or annotations/; {train,val,test}/{images,masks}/; {train,test}_img/ with "
    "{train,test}_lab/; JPEGImages/ with SegmentationClass/; imagesTr/ with labelsTr/; "
    "leftImg8bit/ with gtFine/; X.jpg with X_mask.png, LabelMe's X.json, Supervisely's X.jpg.json "
    "or YOLO's X.txt; and COCO's annotations in a JSON file near the photographs"
)
_NAME_IT = (
    "Name the folder that holds photographs and masks; train.py takes it as data.root=..., or "
    "trains on built-in photographs with data=synthetic"
)


def no_pair(
    root: Path,
    images: Sequence[str],
    masks: Sequence[str],
    not_understood: Mapping[str, int],
    notes: Sequence[str],
) -> str:
    """Message about a folder without a pair: what is there comes before all that could be.

    Args:
        root: Folder that was searched.
        images: Photographs in it.
        masks: Truth references in it.
        not_understood: Files that are not understood, see :func:`said_not_understood`.
        notes: Other notes on what is in it.
    """
    said = [
        f"{root}: no data set here ({len(images)} images and {len(masks)} masks, but no pair)",
        *notes,
    ]
    others = {file: number for file, number in not_understood.items() if file not in masks}
    if others:
        # It says what is read.
        return ". ".join((*said, said_not_understood(others)))
    if images and masks:
        said.append(
            f"One of the photographs is {images[0]}, one of the masks {masks[0]}: both need one "
            "name and, where folders tell subsets, one subset; behind the photograph's name a "
            f"mask's may have {_ENDINGS}"
        )
    elif images:
        said.append(
            f"If the {len(images)} images show no cracks, say data.without_mask=crack_free, or to "
            "crackseg data --without-mask crack_free"
        )
    return ". ".join((*said, f"Looked for {_LAYOUTS}. {_NAME_IT}"))


def said_not_understood(files: Mapping[str, int]) -> str:
    """Message about files that may hold annotations and are not understood.

    Args:
        files: Files, each with the number of photographs whose annotations it may hold.
    """
    return (
        f"{len(files)} files may hold the annotations of {sum(files.values())} photographs without "
        f"a mask and are not understood, so that these are left out and never taken as crack-free: "
        f"{name_some(sorted(files))}. Read are {_READ}; unpack, convert or rename them, or "
        "move them out of the folder if they are about something else"
    )


def said_cracked(photographs: Sequence[str]) -> list[str]:
    """A note on photographs without a mask in folders that are named after cracks."""
    if not photographs:
        return []
    return [
        f"{len(photographs)} photographs without a mask lie in folders whose names say that they "
        "show cracks, left out and not taken as crack-free (if they show none, name their folder "
        f"itself as data.root, or rename it): {name_some(photographs)}"
    ]


def said_channels(pictures: Sequence[Path]) -> list[str]:
    """A note on further channels of photographs."""
    return _said_left_out(
        pictures,
        "further channels of photographs, left out, for a photograph is one file (the first "
        "channel is read)",
    )


def said_stray(pictures: Sequence[Path]) -> list[str]:
    """A note on pictures that no folder says to be photographs."""
    return _said_left_out(
        pictures, "pictures lie outside of the folders for photographs and masks, left out"
    )


def _said_left_out(pictures: Sequence[Path], what: str) -> list[str]:
    return [f"{len(pictures)} {what}: {name_some(map(str, pictures))}"] if pictures else []


def said_of_one_name(root: Path, first: Path, second: Path) -> str:
    """Message about two photographs or masks of one name."""
    return (
        f"{root}: {first} and {second} have the same name but differ, so it is not known which "
        "belongs to the mask; remove or rename one, or name the folders of two data sets apart, as "
        "data.root=[FOLDER,FOLDER]"
    )


def said_side_by_side(root: Path, first: Path, second: Path) -> str:
    """Message about two pictures of one name in one folder."""
    return (
        f"{root}: {first} and {second} have the same name, and it is not known whether one is the "
        "other's mask, for not one of the two alone has a few values only and the other's size; "
        "write _mask behind the names of masks, or rename one"
    )


def no_folder(root: Path) -> str:
    """Says why a path is no folder, in a few words."""
    return "it is a file, not a folder" if root.exists() else "there is no such folder"


def said_no_folder(root: Path) -> str:
    """Message about a data set whose path is no folder."""
    return f"{root}: no data set here ({no_folder(root)}). {_NAME_IT}"


def said_made_for_others(
    opened: Mapping[Path, AnnotationFile], photographs: Sequence[Path]
) -> list[str]:
    """A note on files that say another photograph of the same folder, which is there too."""
    there = {composed(path.as_posix()): path for path in photographs}
    stems = {path.with_suffix("") for path in photographs}
    others = [
        f"{path} ({file.made_for})"
        for path, file in opened.items()
        if file.made_for
        and path.with_suffix("") in stems
        and (said := there.get(composed(path.with_name(file.made_for).as_posix())))
        and said.with_suffix("") != path.with_suffix("")
    ]
    if not others:
        return []
    return [
        f"{len(others)} annotation files were made for another photograph that is there too, as "
        "their imagePath says, and are taken for the one of their own name; see whether they fit "
        f"it: {name_some(others)}"
    ]


def said_shifted(photographs: Iterable[str], masks: Iterable[str]) -> list[str]:
    """A note where masks are numbered as photographs are, but begin at another number.

    >>> said_shifted(["1.jpg", "2.jpg", "3.jpg"], ["0.png", "1.png", "2.png"])[0][:59]
    'photographs are numbered from 1 to 3 and masks from 0 to 2,'
    """
    one, other = _numbers(photographs), _numbers(masks)
    if len(one) < _LEAST_SERIES or len(one) != len(other) or one == other:
        return []
    if any(series != list(range(series[0], series[-1] + 1)) for series in (one, other)):
        return []
    return [
        f"photographs are numbered from {one[0]} to {one[-1]} and masks from {other[0]} to "
        f"{other[-1]}, as where one program counts from 0 and another from 1; those of one number "
        "were taken for a pair, which is wrong then: see whether masks fit, and rename them"
    ]


def _numbers(paths: Iterable[str]) -> list[int]:
    """The numbers in the names of files, in order; none where a name has no number or several."""
    found = [re.fullmatch(r"\D*(\d+)\D*", Path(path).stem) for path in paths]
    return sorted(int(match[1]) for match in found if match) if all(found) else []


def said_names(photographs: Iterable[Path]) -> list[str]:
    """Notes on names that differ in case alone, and on those that Windows reserves.

    Args:
        photographs: Photographs, relative to their root.
    """
    together: dict[str, list[str]] = {}
    for path in photographs:
        together.setdefault(composed(path.as_posix()).casefold(), []).append(path.as_posix())
    alike = [name for names in together.values() if len(names) > 1 for name in sorted(names)]
    reserved = [
        names[0]
        for names in together.values()
        if any(_RESERVED.fullmatch(part) for part in Path(names[0]).parts)
    ]
    notes = []
    if alike:
        notes.append(
            f"{len(alike)} names of photographs differ in upper and lower case alone, and are one "
            f"file on Windows and macOS; rename them before they are copied there: "
            f"{name_some(alike)}"
        )
    if reserved:
        notes.append(
            f"{len(reserved)} photographs have names that Windows does not take; rename them "
            f"before they are copied there: {name_some(sorted(reserved))}"
        )
    return notes
