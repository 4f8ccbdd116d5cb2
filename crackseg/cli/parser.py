"""A parser of command lines whose messages are one line, and its types of numbers."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from crackseg.errors import did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without its usage."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with a message and code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses a command line; what is not known ends the process, with what may be meant."""
    given_now = sys.argv[1:] if arguments is None else arguments
    _require_command(parser, given_now)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        given = " ".join(unknown)
        guess = did_you_mean(unknown[0].partition("=")[0], sorted(set(_options_of(parser))))
        parser.error(f"unknown: {given}; {guess or '--help after the command names its options'}")
    return options


def _require_command(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Ends the process where a command is missing or not known; options are for the parser."""
    commands = next(_commands_of(parser), None)
    if commands is None:
        return
    if not arguments:
        parser.error(f"which command? {', '.join(commands)}; {parser.prog} --help says more")
    word, *rest = arguments
    if word in commands:
        _require_command(commands[word], rest)
    elif not word.startswith("-"):
        guess = did_you_mean(word, commands)
        known = f"known: {', '.join(commands)}"
        parser.error(f"{word}: there is no such command; {' '.join(filter(None, (guess, known)))}")


def _commands_of(
    parser: argparse.ArgumentParser,
) -> Iterator[Mapping[str, argparse.ArgumentParser]]:
    """The commands of a parser by name, for each group of them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield action.choices


def _options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Names of the options of a parser and of its commands."""
    for action in parser._actions:
        yield from action.option_strings
    for commands in _commands_of(parser):
        for command in commands.values():
            yield from _options_of(command)


def not_empty(text: str) -> str:
    """Reads a path for the parser as it was typed; an empty one would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError(
            "a path is empty, as a variable of the shell that is not set: name it"
        )
    return text


def path_of(text: str) -> Path:
    """Reads a path for the parser."""
    return Path(not_empty(text))


def number(text: str) -> float:
    """Reads a number for the parser."""
    try:
        return float(text)
    except ValueError:
        point = text.replace(",", ".")
        with_point = f"; write {point}" if _is_number(point) else ""
        raise argparse.ArgumentTypeError(f"{text!r} is no number{with_point}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def from_to(least: int, most: int) -> Callable[[str], int]:
    """Makes a type for the parser: a whole number within bounds."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return read
