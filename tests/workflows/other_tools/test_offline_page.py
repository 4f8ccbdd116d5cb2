"""The command that makes a page of a checkpoint, or of an ONNX file."""

from pathlib import Path

import pytest

from crackseg.cli.main import main
from crackseg.inference.model_file import ExportedModel
from crackseg.reporting.offline_page.runtime import Runtime, read_runtime
from crackseg.workflows import export as export_module
from crackseg.workflows.other_tools import offline_page
from tests.inference.test_model_file import INFO


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where ONNX files were written; nothing is computed and nothing fetched."""
    written: list[Path] = []

    def export(checkpoint: Path, output: Path, licence: str, half: bool) -> float:
        written.append(output)
        output.write_bytes(b"a graph")
        return 1e-7

    monkeypatch.setattr(export_module, "export", export)
    monkeypatch.setattr(
        offline_page,
        "read_model",
        lambda path: ExportedModel(path.read_bytes(), INFO, quantised=False),
    )
    monkeypatch.setattr(offline_page, "read_runtime", lambda path: Runtime("1.2.3", b"", b""))
    return written


def test_an_onnx_file_becomes_a_page(
    exported: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"a graph")
    page = tmp_path / "page.html"
    assert main(["export", str(tmp_path / "model.onnx"), "--html", str(page)]) == 0
    assert capsys.readouterr().out.startswith(f"{page}: 0 MB, needs nothing else; open it in a ")
    assert "Find cracks" in page.read_text(encoding="utf-8")
    assert exported == []


def test_a_page_alone_leaves_no_onnx_file(exported: list[Path], tmp_path: Path) -> None:
    assert main(["export", "best.ckpt", "--html", str(tmp_path / "page.html")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert len(exported) == 1
    assert not exported[0].exists()


def test_both_are_written_by_one_command(exported: list[Path], tmp_path: Path) -> None:
    model, page = tmp_path / "model.onnx", tmp_path / "page.html"
    assert main(["export", "best.ckpt", "--output", str(model), "--html", str(page)]) == 0
    assert (model.is_file(), page.is_file()) == (True, True)
    assert exported == [model]


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ("best.ckpt --html page.pdf", "--html page.pdf: the name of a page ends in .html"),
        ("best.ckpt --html page.html --runtime none.tgz", "--runtime none.tgz: cannot be read"),
        (
            "a.onnx --output b.onnx",
            "a.onnx is an ONNX file already; copy it, give its chec",
        ),
    ],
)
def test_a_fault_ends_the_command_before_the_export(
    exported: list[Path],
    asked: str,
    fault: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(offline_page, "read_runtime", read_runtime)
    assert main(["export", *asked.split()]) == 2
    assert fault in capsys.readouterr().err
    assert exported == []
