"""Makes of an ONNX file a page that finds cracks in a browser."""

from pathlib import Path

from crackseg.errors import CrackSegError
from crackseg.inference.model_file import read_model
from crackseg.reporting.offline_page.page import write_offline_page
from crackseg.reporting.offline_page.runtime import read_runtime
from crackseg.system.files import require_writable_file

_SUFFIXES = (".html", ".htm")


def require_page(page: Path) -> None:
    """Checks that a page can be written, before long work begins.

    Raises:
        CrackSegError: The page has another suffix.
        OutputError: It cannot be written.
    """
    if page.suffix.lower() not in _SUFFIXES:
        raise CrackSegError(f"--html {page}: the name of a page ends in .html")
    require_writable_file(page)


def make_offline_page(model: Path, page: Path, runtime: Path | None = None) -> None:
    """Writes the page.

    Args:
        model: Path of the ONNX file.
        page: Path of the page.
        runtime: Path of onnxruntime-web as an npm archive; None fetches it once.

    Raises:
        CheckpointError: The ONNX file cannot be used.
        CrackSegError: The page has another suffix, or the archive is not the one that is wanted.
        DownloadError: The runtime cannot be fetched.
        OutputError: The page cannot be written.
    """
    require_page(page)
    write_offline_page(read_model(model), read_runtime(runtime), page)
