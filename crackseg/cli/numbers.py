"""Types of numbers for the parsers of command lines."""

import argparse
from collections.abc import Callable


def from_to(least: int, most: int) -> Callable[[str], int]:
    """Makes a type for the parser: a whole number within bounds."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return read
