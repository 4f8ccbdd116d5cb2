import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from crackseg.config.overrides import hydra_value, shell_override


@pytest.mark.parametrize("name", ["plain/best.ckpt", "a=1,b=0.1/it's best.ckpt"])
def test_a_setting_to_type_next_means_the_path(name: str) -> None:
    (word,) = shlex.split(shell_override("checkpoint", Path(name)))
    parsed = OverridesParser.create().parse_override(word)
    assert not parsed.is_sweep_override()
    assert parsed.value() == name


def test_the_names_of_a_table_are_read_as_they_are() -> None:
    table = {1: 0.5, "my walls": 0.2, "a:b=c,{d}\\(e)[f]": [1, "x y"], "2024-1": 1}
    parsed = OverridesParser.create().parse_override(f"key={hydra_value(table)}")
    assert parsed.value() == table
