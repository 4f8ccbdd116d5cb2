"""The notebook: committed without outputs, and executed as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "explore.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_the_notebook_is_committed_without_outputs() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))


def test_the_notebook_has_no_logic_of_its_own() -> None:
    code = "".join("".join(cell["source"]) for cell in cells("code"))
    assert not any(word in code for word in ("def ", "class ", "lambda", "while "))


def test_all_that_the_notebook_imports_is_there() -> None:
    code = "".join("".join(cell["source"]) + "\n" for cell in cells("code"))
    imports = [line for line in code.splitlines() if line.startswith("from crackseg")]
    assert imports
    exec("\n".join(imports), {})


@pytest.mark.slow
def test_the_notebook_runs_on_the_built_in_photographs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbclient = pytest.importorskip("nbclient", reason="needs pip install crackseg[notebook]")
    nbformat = pytest.importorskip("nbformat", reason="needs pip install crackseg[notebook]")
    pytest.importorskip("ipykernel", reason="needs pip install crackseg[notebook]")
    # The kernel is a process of its own and stands elsewhere.
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (tmp_path / "notebooks").mkdir()
    resources = {"metadata": {"path": str(tmp_path / "notebooks")}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    # Photographs with overlays, plots, and three thin cracks at two sizes.
    assert kinds.count("image/png") == 6 + 4 + 6
    said = "".join(output.get("data", {}).get("text/plain", "") for output in outputs)
    assert "60 pairs" in said
    assert "nothing here would spoil a training" in said
    assert (tmp_path / "outputs" / "exploration" / "index.html").is_file()
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
