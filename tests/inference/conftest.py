"""What the tests of engines share."""

from typing import Any

import pytest

from crackseg.inference.engines import OpenedModel, open_model


@pytest.fixture
def exact_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every engine compute in float32, also where the processor has bfloat16."""

    def opened(*given: Any, **named: Any) -> OpenedModel:
        return open_model(*given, **{**named, "float32": True})

    monkeypatch.setattr("crackseg.inference.predictor.open_model", opened)
