"""Maps a function over batches: in this process, or in a pool of processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_batches(function: Callable[[T], R], batches: Sequence[T], *, jobs: int) -> Iterator[R]:
    """`function(batch)` for each batch, in order, on `jobs` processes.

    With one job nothing is spawned. Otherwise `function`, the batches and the results must pickle; the spawn start
    method is used, so that every worker builds its own automata and OpenCC objects, which cannot be inherited.
    """
    if jobs <= 1 or len(batches) <= 1:
        yield from map(function, batches)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(jobs, len(batches)), mp_context=context) as pool:
        yield from pool.map(function, batches)
