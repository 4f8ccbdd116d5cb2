"""What is searched through, as it is written in a config."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from crackseg.errors import ConfigError
from crackseg.search.space import Point, Range
from crackseg.search.space_reading import read_space

CONDITIONAL = {
    "loss": ["bce", "bce_dice"],
    "loss.terms.dice": {"low": 0.5, "high": 1.5, "step": 0.5, "when": {"loss": "bce_dice"}},
    "model.depth": {"low": 2, "high": 4},
}


class Fixed:
    """Draws the smallest number and the last choice, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[object, ...]] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        self.asked[name] = (low, high, step, log)
        return low

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        self.asked[name] = (low, high, step, log)
        return low

    def suggest_categorical(self, name: str, choices: Any) -> str:
        self.asked[name] = tuple(choices)
        return str(choices[-1])


def fault(table: Mapping[str, Any]) -> str:
    with pytest.raises(ConfigError) as refused:
        read_space(table)
    return str(refused.value)


def test_ranges_and_choices_are_asked_for_as_written() -> None:
    draws = Fixed()
    point = read_space(
        {
            "optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True},
            "model.dropout": {"low": 0, "high": 0.5, "step": 0.1},
            "data.batch_size": {"low": 8, "high": 32, "step": 8},
            "data.shares": [128, [128, 256], None, True, "a b"],
        }
    ).draw(draws)
    assert draws.asked == {
        "optimizer.lr": (1e-4, 1e-2, None, True),
        "model.dropout": (0.0, 0.5, 0.1, False),
        "data.batch_size": (8, 32, 8, False),
        "data.shares": ("128", "[128,256]", "null", "true", '"a b"'),
    }
    assert point == {
        "optimizer.lr": "0.0001",
        "model.dropout": "0.0",
        "data.batch_size": "8",
        "data.shares": '"a b"',
    }


def test_a_setting_is_drawn_only_where_its_condition_holds() -> None:
    space = read_space(CONDITIONAL)
    assert space.draw(Fixed()) == {"loss": "bce_dice", "loss.terms.dice": "0.5", "model.depth": "2"}
    plain = read_space({**CONDITIONAL, "loss": ["bce_dice", "bce"]})
    assert plain.draw(Fixed()) == {"loss": "bce", "model.depth": "2"}


def test_a_grid_has_every_combination_once() -> None:
    points = read_space(CONDITIONAL).grid()
    assert len(points) == 3 + 3 * 3
    assert {"loss": "bce", "model.depth": "3"} in points
    assert {"loss": "bce_dice", "loss.terms.dice": "1.5", "model.depth": "4"} in points
    assert len({tuple(point.items()) for point in points}) == len(points)


def test_a_grid_needs_a_step() -> None:
    with pytest.raises(ConfigError, match=r"sampler=grid: model.dropout can have any value"):
        read_space({"model.dropout": {"low": 0.0, "high": 0.5}}).grid()


def test_corners_show_each_value_with_what_it_needs() -> None:
    corners = list(read_space(CONDITIONAL).corners())
    assert corners == [
        {"loss": "bce", "model.depth": "2"},
        {"loss": "bce_dice", "loss.terms.dice": "0.5", "model.depth": "2"},
        {"loss": "bce_dice", "loss.terms.dice": "0.5", "model.depth": "2"},
        {"loss": "bce_dice", "loss.terms.dice": "1.5", "model.depth": "2"},
        {"loss": "bce", "model.depth": "2"},
        {"loss": "bce", "model.depth": "4"},
    ]


def test_keys_may_be_written_in_tables_of_tables() -> None:
    nested = {"model": {"depth": {"low": 2, "high": 4}, "dropout": [0.1, 0.2]}}
    (depth, dropout) = read_space(nested).dimensions
    assert (depth.key, dropout.key) == ("model.depth", "model.dropout")
    assert depth.values == Range(2.0, 4.0, None, log=False, whole=True)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "nothing to search through"),
        ({"seed": [0, 1]}, r"seed: cannot be searched, .* search.seeds"),
        ({"data.split_seed": [0, 1]}, "compared on the same photographs, masks and sizes"),
        ({"data.root": ["a", "b"]}, "compared on the same photographs"),
        ({"data.mask_threshold": [0, 127]}, "data.mask_threshold: cannot be searched"),
        ({"data.image_size": [64, 128]}, "data.image_size: cannot be searched"),
        ({"trainer.max_epochs": [5, 9]}, "the same number of epochs"),
        ({"experiment": ["best"]}, "experiment: cannot be searched"),
        ({"optimizer.lr": {}}, "low and high are two numbers"),
        ({"model.depth": {"low": 2, "high": 5, "step": 2}}, "no whole number of steps"),
        ({"sweep.objective": ["a"]}, "no setting of a network"),
        ({"model.depth": 3}, "model.depth: 3 is a single value; a list of values"),
        ({"model.depth": []}, "choices is a list of values"),
        ({"model.depth": [2, 2]}, "2 stands there twice"),
        ({"model.depth": {"low": 2, "hihg": 4}}, "hihg is unknown beside low; did you mean high"),
        ({"model.depth": {"choices": [2], "low": 1}}, "low is unknown beside choices"),
        ({"model.depth": {"low": 2}}, "low and high are two numbers"),
        ({"model.depth": {"low": "a", "high": 4}}, "low and high are two numbers"),
        ({"model.depth": {"low": True, "high": 4}}, "low and high are two numbers"),
        ({"model.depth": {"low": 4, "high": 2}}, "low=4 must be below high=2"),
        ({"optimizer.lr": {"low": 0, "high": 1, "log": True}}, "must be above 0 with log"),
        ({"model.depth": {"low": 2, "high": 4, "step": 3}}, "within the range"),
        ({"model.dropout": {"low": 0.0, "high": 0.5, "step": 0.2}}, "no whole number of steps"),
        ({"loss": [1], "model.b": {"low": 0, "high": 1, "when": 3}}, "when is a table"),
        (
            {"loss": [1], "model.b": {"low": 0, "high": 1, "when": {"c": 1}}},
            "must be a list of values above",
        ),
        (
            {"loss": [1], "model.b": {"low": 0, "high": 1, "when": {"loss": 2}}},
            "when loss is 2, which is none of 1",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(table: Mapping[str, Any], message: str) -> None:
    assert re.search(message, fault(table))


def test_a_condition_that_never_holds_is_refused() -> None:
    table = {"loss": ["bce"], "model.depth": {"low": 2, "high": 3, "when": {"loss": []}}}
    assert "so that it is never drawn" in fault(table)


def test_what_is_typed_takes_the_place_of_what_a_file_says() -> None:
    merged = {"optimizer.lr": {"low": 0.1, "high": 0.2}, "optimizer": {"lr": [0.5]}}
    (rate,) = read_space(merged).dimensions
    assert rate.values.ends == ("0.5",)


def test_ends_are_checked_as_they_are_written() -> None:
    space = read_space({"model.dropout": {"low": 0.0, "high": 0.99999}})
    assert [point["model.dropout"] for point in space.corners()] == ["0.0", "0.99999"]


def test_all_faults_are_said_together() -> None:
    lines = fault({"seed": [1], "model.depth": 3}).splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["seed", "model.depth"]


def test_what_is_drawn_has_four_digits() -> None:
    class Long(Fixed):
        def suggest_float(self, *arguments: Any, **named: Any) -> float:
            return 0.123456789

    point: Point = read_space({"model.dropout": {"low": 0.0, "high": 0.5}}).draw(Long())
    assert point == {"model.dropout": "0.1235"}
