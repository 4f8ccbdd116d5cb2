"""Makes of an ONNX file a page that finds cracks in a browser."""

from pathlib import Path

from crackseg.errors import CrackSegError
from crackseg.inference.model_file import read_model
from crackseg.reporting.offline_page.page import write_offline_page
from crackseg.reporting.offline_page.runtime import Runtime, read_runtime
from crackseg.system.files import require_writable_file

_SUFFIXES = (".html", ".htm")


def prepare_page(page: Path, runtime: Path | None = None) -> Runtime:
    """Checks that a page can be written, and reads its runtime, before long work begins.

    Args:
        page: Path of the page.
        runtime: Path of onnxruntime-web as an npm archive; None fetches it once.

    Raises:
        CrackSegError: The page has another suffix, or the archive is not the one that is wanted.
        DownloadError: The runtime cannot be fetched.
        OutputError: The page cannot be written.
    """
    if page.suffix.lower() not in _SUFFIXES:
        raise CrackSegError(f"--html {page}: the name of a page ends in .html")
    require_writable_file(page)
    return read_runtime(runtime)


def make_offline_page(model: Path, page: Path, runtime: Runtime) -> None:
    """Writes the page.

    Args:
        model: Path of the ONNX file.
        page: Path of the page.
        runtime: Program that runs the network.

    Raises:
        CheckpointError: The ONNX file cannot be used.
        OutputError: The page cannot be written.
    """
    write_offline_page(read_model(model), runtime, page)
