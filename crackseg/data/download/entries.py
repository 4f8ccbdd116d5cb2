"""Names of files that come from elsewhere, in archives and lists."""

from pathlib import PurePosixPath, PureWindowsPath


def inside(name: str) -> PurePosixPath:
    r"""A path that someone else gave, if it stays below the folder that it is meant for.

    >>> inside("Images/a.png")
    PurePosixPath('Images/a.png')
    >>> inside("..\\a.png")
    Traceback (most recent call last):
        ...
    ValueError: '..\\a.png' leads out of its folder

    Raises:
        ValueError: it is absolute, has a drive letter, goes up, or names nothing.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    leaves = path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts
    if leaves or not path.parts or "\0" in name:
        raise ValueError(f"{name!r} leads out of its folder")
    return path
