"""Loops over triangles and pixels, compiled by numba when they are first called."""

import functools
from collections.abc import Callable
from typing import TypeVar

from viseme.errors import ConfigError

Result = TypeVar("Result")


def compiled(function: Callable[..., Result]) -> Callable[..., Result]:
    """A function that becomes machine code at its first call, kept on disk for later processes.

    Without fast-math and on one thread, so that all machines compute the same. The function must
    not call another compiled one; its source stays reachable as `__wrapped__`.

    Raises:
        ConfigError: at the call, if numba is not installed.
    """

    @functools.cache
    def machine_code() -> Callable[..., Result]:
        try:
            import numba
        except ImportError as error:
            raise ConfigError(
                "the studio's mesh renderer needs numba, which is not installed",
                todo="Install it with: pip install 'viseme[studio]'.",
            ) from error
        return numba.njit(function, cache=True)

    @functools.wraps(function)
    def call(*args: object) -> Result:
        return machine_code()(*args)

    return call
