"""A binary heap of int64 keys for the searches: time in the upper bits, edge in the lower 32.

Packing both into one integer makes a comparison one instruction (Williams 1964 for the heap).
Times stay below 2^31 ms, 24 days.
"""

import numpy as np
from numpy.typing import NDArray

from callout.roads.jit import kernel


@kernel
def push(heap: NDArray[np.int64], size: int, key: int) -> int:
    """Add a key; the new size."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key
    return size + 1


@kernel
def pop(heap: NDArray[np.int64], size: int) -> int:
    """Remove the least key, which is ``heap[0]`` before the call; the new size."""
    size -= 1
    key = heap[size]
    at = 0
    child = 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = key
    return size
