"""Shares of a folder's photographs, for several processes or machines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from crackseg.errors import ConfigError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """One of several equal shares.

    Attributes:
        number: Number of the share, from 1.
        count: Number of shares.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Reads ``2/8``, the second of eight.

        Raises:
            ConfigError: It says something else.

        Example:
            >>> Shard.parse("2/8")
            Shard(number=2, count=8)
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        number, count = (int(one) for one in found.groups()) if found else (0, 0)
        if not 1 <= number <= count:
            raise ConfigError(
                f"shard={text}: two whole numbers such as 2/8 for the second of eight shares, the "
                "first of them from 1 to the second"
            )
        return cls(number, count)

    @property
    def suffix(self) -> str:
        """What follows the name of a file that this share alone writes."""
        return f"-{self.number}-of-{self.count}"

    def of(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Every so many-th of the items: neighbours, which are mostly alike, go to different ones.

        >>> Shard(2, 3).of("abcdefgh")
        ('b', 'e', 'h')
        """
        return tuple(items[self.number - 1 :: self.count])
