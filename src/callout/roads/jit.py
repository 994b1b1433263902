"""How kernels are compiled: to machine code, without the interpreter lock, kept on disk."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile at the first call (about a second; afterwards read from the cache beside the file).

    Kernels hold no interpreter lock, so threads run them side by side; each thread brings its
    own workspace.
    """
    return cast("F", numba.njit(nogil=True, cache=True)(function))
