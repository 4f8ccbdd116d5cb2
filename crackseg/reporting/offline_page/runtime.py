"""onnxruntime-web, which runs a network within a page: fetched once, or given as a file."""

import base64
import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path

from crackseg.data.download.transfer import HttpClient
from crackseg.errors import CrackSegError
from crackseg.system.files import said_in_words

CACHE = Path("outputs/cache")
# The runtime without WebGPU: its program, and the same as machine code for all processors.
_PROGRAM = "package/dist/ort.wasm.bundle.min.mjs"
_CODE = "package/dist/ort-wasm-simd-threaded.wasm"


@dataclass(frozen=True)
class Release:
    """A release of onnxruntime-web.

    Attributes:
        version: Its version.
        size: Size of its npm archive in bytes.
        md5: MD5 of the archive, which shows damage on the way.
        integrity: SHA-512 of the archive in base64, as npm's lock files have it.
    """

    version: str
    size: int
    md5: str
    integrity: str

    @property
    def name(self) -> str:
        """Name of the archive."""
        return f"onnxruntime-web-{self.version}.tgz"

    @property
    def address(self) -> str:
        """Address of the archive."""
        return f"https://registry.npmjs.org/onnxruntime-web/-/{self.name}"


RELEASE = Release(
    "1.30.0",
    33_106_585,
    "7677e2cac4b2d0a14154aef901cdab13",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)


@dataclass(frozen=True, eq=False)
class Runtime:
    """The parts of onnxruntime-web that a page needs.

    Attributes:
        version: Its version.
        program: JavaScript module.
        code: WebAssembly.
    """

    version: str
    program: bytes
    code: bytes


def read_runtime(archive: Path | None = None, release: Release = RELEASE) -> Runtime:
    """Reads the runtime, and fetches it if it is not there.

    Args:
        archive: Path of the npm archive; None takes that in the cache.
        release: Release that is wanted.

    Raises:
        DownloadError: The archive cannot be fetched.
        CrackSegError: The archive is missing, or not that of the release.
        OutputError: The cache cannot be written.
    """
    path = archive or _fetched(release)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CrackSegError(f"--runtime {path}: cannot be read ({error.strerror})") from error
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != release.integrity:
        raise CrackSegError(
            f"--runtime {path}: is not {release.name} (its SHA-512 is another); fetch "
            f"{release.address}, or leave --runtime out"
        )
    with tarfile.open(path) as opened:
        program, code = (_member(opened, name) for name in (_PROGRAM, _CODE))
    return Runtime(release.version, program, code)


def _fetched(release: Release) -> Path:
    path = CACHE / release.name
    client = HttpClient(f"or fetch {release.address} in a browser, and give it by --runtime FILE")
    with said_in_words(path):
        CACHE.mkdir(parents=True, exist_ok=True)
        client.file(release.address, path, release.size, release.md5)
    return path


def _member(opened: tarfile.TarFile, name: str) -> bytes:
    file = opened.extractfile(name)
    assert file is not None
    return file.read()
