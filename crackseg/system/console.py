"""Console for tables and progress."""

from rich.console import Console


class Terminal(Console):
    """Console that treats a missing reader as ``print`` does, see :mod:`crackseg.system.exits`."""

    def on_broken_pipe(self) -> None:
        """Raises the present error; rich would end the process with exit code 1."""
        raise
