"""Finds what may hold the annotations of a photograph and cannot be read.

What is not known to be harmless counts, if it

- has the photograph's name, or one that begins with it;
- lies in a folder of masks, or is named like one, whether it is a file, a folder, an archive or a
  link, where no photograph near it has truth;
- is a container of data near the photograph, a text about annotations, or a file that names it.

The photographs near a file are those in the folder where it lies, and below; if there are none,
those of the nearest folder above that has some.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from crackseg.data.discovery.folders import scope
from crackseg.data.discovery.layouts import (
    Key,
    composed,
    is_name_of_masks,
    key,
    keys,
    kind,
    mentions_masks,
    words_of,
)
from crackseg.data.discovery.listing import RAW_SUFFIXES, Listing
from crackseg.data.discovery.searched_texts import (
    cells_in,
    is_about_annotations,
    is_structured,
    names_in,
    read_text,
)
from crackseg.data.discovery.variants import beginnings


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _suffixes(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\.({'|'.join(' '.join(patterns).split())})$", re.IGNORECASE)


# They hold no annotation, except in a folder of masks: what cameras, drones, maps, systems and
# programs leave, films, checksums, source code, pages, and weights of networks.
_HARMLESS = _suffixes(
    "xmp exif aae thm gpx pp3 dop mov mp4 avi mts lrf lrv srt wav m4a mrk nav obs rnx ubx rtk",
    "heic heif avif pgw jgw tfw bpw wld prj cpg qpj ovr aux[.]xml lrcat lrprev",
    "md5 sha1 sha256 sfv par2 py pyc ipynb r m c cpp h sh bat ps1 md rst tex bib html? css js",
    "ini cfg conf toml log ckpt onnx pth? safetensors ds_store gitignore gitattributes",
    *(suffix[1:] for suffix in RAW_SUFFIXES),
)
# They are about a photograph only if they have its whole name, and are not searched.
_DOCUMENTS = _suffixes("pdf docx? odt rtf pptx? odp xlsx? xlsm ods gsheet gdoc gslides pages key")
# Archives, their parts, and links: only their names are looked at, not what they hold.
_PACKED = _suffixes(r"zip 7z rar tar t?gz t?bz2 t?xz zst [rz]?\d+ lnk url webloc")
# They cannot be searched for the names of photographs, or need not name them.
_CONTAINERS = _suffixes(
    "mat np[yz] h5 hdf5 tfrecords? record parquet arrow feather pkl pickle joblib lmdb mdb roi",
    "db sqlite3? shp shx dbf gpkg kml kmz geojson gml dxf dwg dvc",
)
# Words in the names of files about something else, though they may name photographs.
_FILES_APART = _words(
    "readme license licence citation changelog thumbs digikam flight mission route waypoint "
    "waypoints gps geotag geotags gcp gcps exif boundary cameras calibration weather"
)
# Words behind the name of a photograph that may be that of a building.
_NOTES = _words("note notes comment comments description report info")
# Words in the names of pictures of pages, and of their folders.
_PICTURES_APART = _words(
    "doc docs figure figures fig logo icon icons teaser thumb thumbs thumbnail thumbnails preview "
    "previews screenshot screenshots"
)
# Regions of interest of ImageJ.
_OTHER_TRUTH = _words("roi rois")
# Programs keep a file as it was before under such a name.
_KEPT_BEFORE = re.compile(r"(\.(bak|tmp|old|orig|swp)|~|_original)$", re.IGNORECASE)
# A volume of nnU-Net is no archive.
_VOLUME = ".nii.gz"


class _Photographs:
    """Photographs by what may refer to them."""

    def __init__(self, without: Sequence[Path], annotated: Collection[Path]) -> None:
        self._without = frozenset(without)
        self._all = self._without.union(annotated)
        self._by_key: dict[Key, list[Path]] = defaultdict(list)
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._near: dict[tuple[str, ...], list[Path]] = defaultdict(list)
        self._annotated: set[tuple[str, ...]] = set()
        for path in without:
            self._by_name[composed(path.name).lower()].append(path)
            for above in _prefixes(path):
                self._near[above].append(path)
        for path in (*without, *annotated):
            self._by_key[key(path)].append(path)
        for path in annotated:
            self._annotated.update(_prefixes(path))

    def has(self, path: Path) -> bool:
        """Whether a file is a photograph."""
        return path in self._all

    def named_like(self, path: Path, whole: bool) -> list[Path] | None:
        """Photographs without truth of a file's name; None if no photograph has its name.

        Args:
            path: The file.
            whole: Whether its name must be the photograph's; else it may begin with that.
        """
        likely = keys(path)
        if not whole:
            shorter = beginnings(path.stem, telling=False)
            likely += [likely[0]._replace(stem=stem) for stem in shorter]
        name = next((one for one in likely if one in self._by_key), None)
        return None if name is None else [p for p in self._by_key[name] if p in self._without]

    def near(self, path: Path) -> Sequence[Path]:
        """Photographs without truth near a file."""
        return self._near.get(self._scope(path), ())

    def near_without_any_truth(self, path: Path) -> Sequence[Path]:
        """The same, but none if another photograph near the file has truth.

        What is named like masks was probably found there in another form, as an archive beside
        what was in it.
        """
        return () if self._scope(path) in self._annotated else self.near(path)

    def named_in(self, text: str) -> list[Path]:
        """Photographs without truth that a text names with their suffix."""
        return [path for name in sorted(names_in(text)) for path in self._by_name.get(name, ())]

    def numbered_in(self, text: str, path: Path) -> Sequence[Path]:
        """Photographs near a structured text that it names without suffix; none if not most.

        The number of a single photograph may stand anywhere.
        """
        near = self.near(path)
        stems = [composed(photograph.stem).lower() for photograph in near]
        cells = cells_in(text, frozenset(stems))
        named = [one for one, stem in zip(near, stems, strict=True) if stem in cells]
        return named if 2 * len(named) >= len(near) else ()

    def _scope(self, path: Path) -> tuple[str, ...]:
        above = scope(path)
        while above and above not in self._near and above not in self._annotated:
            above = above[:-1]
        return above


def find_unknown(
    root: Path,
    listing: Listing,
    read: Collection[Path],
    truths: Mapping[Path, str],
    stray: Iterable[Path],
) -> dict[Path, Path]:
    """Finds what may hold the annotations of photographs.

    Args:
        root: Folder of the data set.
        listing: All that lies in the folder.
        read: Files that are read, or known to be about something else.
        truths: Truth reference of each photograph; empty where there is none.
        stray: Masks without a photograph, and pictures that are neither.

    Returns:
        The first such file of each photograph; all paths are relative to ``root``.
    """
    without = [image for image, truth in truths.items() if not truth]
    if not without:
        return {}
    photographs = _Photographs(without, [image for image, truth in truths.items() if truth])
    found: dict[Path, Path] = {}
    # Kept, so that no other list gets the identity of one.
    added: dict[int, Iterable[Path]] = {}

    def add(path: Path, concerned: Iterable[Path]) -> None:
        # The list of all photographs near a folder comes again for each file in it.
        if id(concerned) not in added:
            added[id(concerned)] = concerned
            for photograph in concerned:
                found.setdefault(photograph, path)

    for path in listing.files:
        if path not in read:
            add(path, _concerned(root, path, photographs))
    for path in listing.unread:
        add(path, _concerned(None, path, photographs))
    for path in stray:
        if _PICTURES_APART.isdisjoint(words_of(f"{path.parent.name} {path.stem}")):
            add(path, photographs.near_without_any_truth(path))
    # Masks that are read speak for themselves, and photographs may lie in a folder of any name.
    occupied = {above for folder in {path.parent for path in read} for above in _upwards(folder)}
    for path in listing.folders:
        if path not in occupied and _is_named_like_masks(path, False):
            add(path, photographs.near_without_any_truth(path))
    return found


def _concerned(root: Path | None, path: Path, photographs: _Photographs) -> Iterable[Path]:
    """Photographs whose annotations a file may hold.

    Args:
        root: Folder of the data set; None for what cannot be opened.
        path: File that is not read.
        photographs: The photographs.
    """
    in_masks = kind(path) in ("mask", "label")
    before = path.with_name(_KEPT_BEFORE.sub("", path.name) or path.name)
    if photographs.has(before):
        return ()
    harmless = not in_masks and bool(_HARMLESS.search(before.name))
    document = bool(_DOCUMENTS.search(path.name))
    words = frozenset(words_of(path.stem))
    if not harmless:
        whole = document or not words.isdisjoint(_NOTES | _FILES_APART)
        named = photographs.named_like(_shown(path), whole)
        if named is not None:
            return named
    if (in_masks and root is not None) or _is_named_like_masks(path, harmless):
        return photographs.near_without_any_truth(path)
    if harmless or document or _PACKED.search(path.name) or root is None:
        return ()
    apart = not words.isdisjoint(_FILES_APART)
    if _CONTAINERS.search(path.name):
        return () if apart else photographs.near(path)
    text = read_text(root / path)
    structured = is_structured(path, text)
    if structured and is_about_annotations(text):
        return photographs.near_without_any_truth(path) or photographs.named_in(text)
    if apart:
        return ()
    return photographs.named_in(text) or (photographs.numbered_in(text, path) if structured else ())


def _shown(path: Path) -> Path:
    """The path without what hides a file or keeps an earlier one, nor a volume's second suffix."""
    name = _KEPT_BEFORE.sub("", path.name.lstrip("."))
    return path.with_name(name[: -len(".gz")] if name.lower().endswith(_VOLUME) else name)


def _is_named_like_masks(path: Path, by_whole_name: bool) -> bool:
    name = path.name.lstrip(".")
    if is_name_of_masks(name.partition(".")[0]):
        return True
    others = not _OTHER_TRUTH.isdisjoint(words_of(re.sub("([A-Z])", r" \1", name)))
    return not by_whole_name and (others or mentions_masks(name))


def _upwards(folder: Path) -> Iterable[Path]:
    return folder, *folder.parents


def _prefixes(path: Path) -> Iterable[tuple[str, ...]]:
    above = scope(path)
    return (above[:length] for length in range(len(above) + 1))
