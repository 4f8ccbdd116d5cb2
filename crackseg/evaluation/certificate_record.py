"""A certificate as a file, and those that come with crackseg.

:func:`shipped` gives what pages and reports quote: :attr:`CertificateRecord.line`.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from crackseg.errors import CrackSegError
from crackseg.evaluation.certificate import Certificate
from crackseg.system.files import write_text

# Exact masks first; those of the network in the box.
_SHIPPED = ("exact.json", "research.json")
_FOLDER = Path(__file__).with_name("certificates")


@dataclass(frozen=True)
class CertificateRecord:
    """A certificate, and what it was made of.

    Attributes:
        version: Version of crackseg that measured.
        masks: Where the masks came from, such as ``exact masks``.
        seed: Seed of the draw.
        certificate: The figures.
    """

    # What no crack shows, such as the error of none resolved, is no number: "NaN" in JSON.
    __pydantic_config__ = ConfigDict(ser_json_inf_nan="strings")

    version: str
    masks: str
    seed: int
    certificate: Certificate

    @classmethod
    def of(cls, certificate: Certificate, masks: str, seed: int) -> "CertificateRecord":
        """The record of a certificate that this version of crackseg made."""
        return cls(version("crackseg"), masks, seed, certificate)

    @property
    def line(self) -> str:
        """The certificate in one sentence, for the end of a page."""
        found = self.certificate.total
        count, held = found.covered_cracks
        return (
            f"On {found.cracks} drawn cracks of .5 to 20 pixels on all surfaces, with noise to "
            f"5 % and {self.masks}, resolved widths were {found.bias:+.2f} px off on the "
            f"average ({found.error:.2f} px without regard to sign), and the intervals of {held} "
            f"of {count} resolved cracks held the true mean width (crackseg {self.version}, "
            f"seed {self.seed})."
        )


_ADAPTER = TypeAdapter(CertificateRecord)


def write_record(record: CertificateRecord, path: Path) -> None:
    """Writes a certificate as JSON."""
    write_text(path, _ADAPTER.dump_json(record, indent=1).decode() + "\n")


def read_record(path: Path) -> CertificateRecord:
    """Reads a certificate.

    Raises:
        CrackSegError: The file cannot be read, or is no certificate.
    """
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise CrackSegError(
            f"{path}: no certificate of measured widths; crackseg certify --output writes one"
        ) from error


def shipped() -> tuple[CertificateRecord, ...]:
    """The certificates that come with crackseg: from exact masks, and from a network's."""
    return tuple(read_record(_FOLDER / name) for name in _SHIPPED)
