"""How the process keeps memory: what a step frees, the next one needs again."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_MOST_BYTES = 2**31 - 1


def keep_freed_memory() -> None:
    """Have the C library hold on to freed memory instead of giving it back to the system.

    A training step on CPU allocates the same gigabyte each time, and fresh pages have to be zeroed
    by the kernel: a sixth of the time of a step. Does nothing where the library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MOST_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _MOST_BYTES)
