"""Memory that this process can still take."""

import sys
from pathlib import Path
from typing import NamedTuple

_MEMINFO = Path("/proc/meminfo")


class _Cgroup(NamedTuple):
    """Files of a container: its limit, what it takes, and how much of that is files read before."""

    folder: Path
    limit: str
    taken: str
    cached: str


_CGROUPS = (
    # Version 2, then version 1.
    _Cgroup(Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    _Cgroup(
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def available_memory() -> int | None:
    """Bytes that this process can still take: the smallest limit of system, container and shell.

    Returns:
        Number of bytes; None where the system does not say it.
    """
    known = [_of_system(), *map(_of_cgroup, _CGROUPS), _of_shell()]
    return min((max(size, 0) for size in known if size is not None), default=None)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, on a processor or a GPU."""
    # By its name and words: torch takes seconds to import, and says it of a CPU as RuntimeError.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # ONNX Runtime, OpenVINO and OpenCV have errors of their own, and only words for it.
    words = ("DefaultCPUAllocator", "bad_alloc", "bad allocation", "Failed to allocate memory")
    return isinstance(error, Exception) and any(one in str(error) for one in words)


def _of_system() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def _of_cgroup(group: _Cgroup) -> int | None:
    try:
        limit, taken = (
            int((group.folder / name).read_text(encoding="ascii"))
            for name in (group.limit, group.taken)
        )
    except (OSError, ValueError):
        # Not there, or ``max``: no limit.
        return None
    # The system gives up what it keeps of files before it refuses memory.
    return limit - taken + _cached_in(group)


def _cached_in(group: _Cgroup) -> int:
    """Bytes of files that were read and are not in use; 0 where that is not said."""
    try:
        lines = (group.folder / "memory.stat").read_text(encoding="ascii").splitlines()
        numbers = dict(line.split() for line in lines)
        return int(numbers[group.cached])
    except (OSError, ValueError, KeyError):
        return 0


def _of_shell() -> int | None:
    """Bytes that ``ulimit -v`` leaves; it counts addresses, not memory."""
    if sys.platform == "win32":
        return None
    # Not a module of every system.
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return limit
    return limit - pages * resource.getpagesize()
