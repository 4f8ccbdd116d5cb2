"""The command that starts the app."""

from importlib.util import find_spec

import pytest

from crackseg.app import server
from crackseg.cli.main import main


def test_without_gradio_one_line_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = {"gradio": None}
    monkeypatch.setattr(server, "find_spec", lambda name: missing.get(name, find_spec(name)))
    assert main(["app"]) == 2
    assert capsys.readouterr().err.strip() == (
        "error: the app needs gradio, which is not installed; pip install 'crackseg[app]'"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--max-megapixels", "0"],
        ["--max-megapixels", "nan"],
        ["--max-photographs", "0"],
        ["--max-seconds", "-1"],
        ["--port", "70000"],
    ],
)
def test_limits_out_of_range_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["app", *arguments])
    *_, line = capsys.readouterr().err.splitlines()
    assert f"argument {arguments[0]}: '{arguments[1]}' is no whole number from 1 to" in line
