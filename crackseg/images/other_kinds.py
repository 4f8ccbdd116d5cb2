"""Tells what a file is that was given for a picture and is none, and what to do with it."""

from pathlib import Path

from crackseg.images.heic import BRANDS, INSTALL

_ARCHIVE = "it is an archive: unpack it, and name the folder"
_FILM = "it is a film: save single frames of it as pictures"
_AS_JPEG = "save it as JPEG or PNG"
# Bytes that a file begins with.
_STARTS = {
    b"PK\x03\x04": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"7z\xbc\xaf": _ARCHIVE,
    b"\x1f\x8b": _ARCHIVE,
    b"\x1a\x45\xdf\xa3": _FILM,
    b"%PDF": "it is a PDF document: save its pictures as files",
    b"version https://git-lfs": "it is a pointer of Git LFS: git lfs pull fetches the file itself",
    b"\xff\x0a": f"it is a JPEG XL picture: {_AS_JPEG}",
}
# Kinds of those files that have theirs at the ninth byte.
_KINDS = {
    b"AVI ": _FILM,
    **dict.fromkeys((b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  "), _FILM),
    **dict.fromkeys(BRANDS, f"it is a HEIC picture: {INSTALL} reads it"),
    **dict.fromkeys((b"avif", b"avis"), f"it is an AVIF picture: {_AS_JPEG}"),
    b"JXL ": f"it is a JPEG XL picture: {_AS_JPEG}",
}
_PAGES = (b"<!doctype html", b"<html")
_LONGEST = 64


def told_by_start(path: Path) -> str:
    """What a file of no known format is, by its first bytes.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_LONGEST)
    if not start:
        return "it is empty"
    if start.lstrip().lower().startswith(_PAGES):
        return "it is a web page, as a failed download leaves: download it again"
    kinds = (said for mark, said in _STARTS.items() if start.startswith(mark))
    return next(kinds, _KINDS.get(start[8:12], "it is of no known format"))
