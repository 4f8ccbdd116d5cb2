"""Prepares the process before its work: memory and threads. Never on import."""

import ctypes
import platform

import cv2

from crackseg.system.processes import kill_children_at_exit

# Parameters of glibc's mallopt(3), from malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -2, -3, -4
_KEEP_BYTES = 1 << 30
_TOP_PAD_BYTES = 64 << 20
# Below the blocks in which Pillow holds a photograph.
_LARGE_BYTES = 8 << 20
_TRIM_BYTES = 32 << 20


def keep_freed_memory() -> bool:
    """Tells glibc's allocator to keep freed memory instead of giving it back to the system.

    A training step frees and allocates the same large blocks again and again. By default glibc
    maps and unmaps each one, and the kernel has to clear every page each time. Call this before the
    first large allocation.

    Returns:
        Whether the allocator accepted it; False where the C library is not glibc.
    """
    return _tell_allocator(
        (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _KEEP_BYTES), (_M_TOP_PAD, _TOP_PAD_BYTES)
    )


def return_freed_memory() -> bool:
    """Tells glibc's allocator to give every large block back as soon as it is freed.

    By default glibc keeps blocks of up to 32 MB once it has seen one of that size, and can give
    none back that lies below one in use: a decoded photograph would stay in memory.

    Returns:
        Whether the allocator accepted it; False where the C library is not glibc.
    """
    # With the first setting alone, smaller blocks would be given back and cleared again as well.
    return _tell_allocator((_M_MMAP_THRESHOLD, _LARGE_BYTES), (_M_TRIM_THRESHOLD, _TRIM_BYTES))


def _tell_allocator(*settings: tuple[int, int]) -> bool:
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(key, value) == 1 for key, value in settings)


def set_threads(threads: int | None) -> None:
    """Limits torch to ``threads`` threads; None keeps torch's own choice."""
    if threads is not None:
        # Imported here because it takes seconds, and not all work needs it.
        import torch

        torch.set_num_threads(threads)


def prepare_process(keep_memory: bool = True, threads: int | None = None) -> None:
    """Prepares this process for fast work on a CPU; results stay the same.

    Args:
        keep_memory: Whether freed memory is kept, see :func:`keep_freed_memory`.
        threads: Number of torch's threads, see :func:`set_threads`.
    """
    # OpenCV's own threads only get in the way: loader workers and torch work side by side already.
    cv2.setNumThreads(0)
    if keep_memory:
        keep_freed_memory()
    set_threads(threads)
    kill_children_at_exit()
