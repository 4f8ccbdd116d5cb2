"""Makes Pillow read HEIC files, as phones write them, where the extra ``heic`` is installed.

They are decoded in a process of their own, by :mod:`crackseg.images.heic_decoder`: damaged ones can
crash the decoder, and one bad file must not end the work on a folder.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

HEIF = "HEIF"
HEIC_SUFFIXES = frozenset({".heic", ".heif"})
INSTALL = "pip install 'crackseg[heic]'"
HAS_DECODER = importlib.util.find_spec("pi_heif") is not None

BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_DECODER = Path(__file__).with_name("heic_decoder.py")


class HeicFile(ImageFile.ImageFile):
    """A HEIC file: upright, 8 bits, and with the EXIF data that it holds."""

    format = HEIF
    format_description = "HEIC image"

    def _open(self) -> None:
        if not HAS_DECODER:
            raise ValueError(f"it is a HEIC file, which {INSTALL} makes readable")
        assert self.fp is not None
        self._stored = self.fp.read()
        header: dict[str, Any] = json.loads(_decoded(self._stored, "header"))
        width, height = header["size"]
        self._size, self._mode = (width, height), header["mode"]
        self.info["exif"] = bytes.fromhex(header["exif"])
        self.tile = []

    def load(self) -> Any:
        """Decodes the pixels when they are first asked for."""
        if self._stored:
            self.im = Image.new(self.mode, self.size).im
            pixels, self._stored = _decoded(self._stored, "pixels"), b""
            self.frombytes(pixels)
        return super().load()


def _decoded(stored: bytes, what: str) -> bytes:
    """What the decoder says of a file.

    Raises:
        ValueError: It is damaged.
    """
    command = [sys.executable, "-I", str(_DECODER), what]
    done = subprocess.run(command, input=stored, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said and done.returncode > 0 else "its decoder crashed"
        raise ValueError(f"the HEIC file is damaged: {reason}")
    return done.stdout


def _is_heic(start: bytes) -> bool:
    return start[4:8] == b"ftyp" and start[8:12] in BRANDS


Image.register_open(HEIF, HeicFile, _is_heic)
