"""Certificates as files, and those that come with crackseg."""

from pathlib import Path

import pytest

from crackseg.errors import CrackSegError
from crackseg.evaluation.certificate import certificate
from crackseg.evaluation.certificate_record import (
    CertificateRecord,
    read_record,
    shipped,
    write_record,
)
from tests.evaluation.test_certificate import a_crack


def a_record() -> CertificateRecord:
    found = certificate([a_crack([3.5, 3.5], [3.6, 3.4], [True, True])], (4, 3))
    return CertificateRecord.of(found, "exact masks", seed=8)


def test_a_written_certificate_reads_back(tmp_path: Path) -> None:
    written = a_record()
    write_record(written, tmp_path / "certificate.json")
    read = read_record(tmp_path / "certificate.json")
    assert repr(read) == repr(written)
    assert read.certificate.distances == (4, 3)


def test_the_line_of_a_certificate_names_its_figures() -> None:
    line = a_record().line
    assert "On 1 drawn cracks" in line
    assert "exact masks" in line
    assert "the intervals of 1 of 1 resolved cracks held" in line
    assert "seed 8" in line


@pytest.mark.parametrize("text", [None, "{}", "no JSON"])
def test_what_is_no_certificate_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "certificate.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CrackSegError, match="no certificate of measured widths; crackseg certify"):
        read_record(path)


def test_certificates_of_exact_masks_and_of_a_network_come_with_crackseg() -> None:
    exact, network = shipped()
    assert exact.masks == "exact masks"
    assert network.masks == "masks of research"
    # They are compared with exact masks alone.
    assert network.certificate.distances == (0, 0)
    for record in (exact, network):
        assert record.certificate.total.cracks >= 100
        assert len(record.certificate.widths) == len(record.certificate.textured) == 7
