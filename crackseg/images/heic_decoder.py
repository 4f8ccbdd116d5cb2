"""Program that decodes a HEIC file, from its standard input to its output.

Run by :mod:`crackseg.images.heic`; it imports nothing of this package.
"""

import io
import json
import sys

from PIL import Image, UnidentifiedImageError


def main(what: str) -> None:
    """Writes the ``header`` of the file as JSON, or its ``pixels``."""
    from pi_heif import register_heif_opener

    # Size is judged by the process that asks.
    Image.MAX_IMAGE_PIXELS = None
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    with Image.open(io.BytesIO(sys.stdin.buffer.read())) as opened:
        exif = opened.info.get("exif") or b""
        header = {"size": opened.size, "mode": opened.mode, "exif": exif.hex()}
        said = opened.tobytes() if what == "pixels" else json.dumps(header).encode()
    sys.stdout.buffer.write(said)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except UnidentifiedImageError:
        # Its text names an object of this program.
        sys.exit("its first bytes are those of no photograph that can be read")
    except Exception as error:
        # A damaged file can fail in any way.
        sys.exit(str(error).partition("\n")[0] or type(error).__name__)
