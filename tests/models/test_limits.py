import pytest
from torch import nn

from crackseg.models.limits import outline


@pytest.mark.parametrize("name", ["unet", "unet_paper"])
def test_an_outline_draws_no_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To draw none torch would first import its compiler, for seconds."""

    def draw(*arguments: object, **named: object) -> None:
        raise AssertionError("weights were drawn")

    monkeypatch.setattr(nn.init, "kaiming_normal_", draw)
    monkeypatch.setattr(nn.init, "xavier_uniform_", draw)
    assert all(weight.is_meta for weight in outline(name, {}).parameters())
