"""Maps a function over batches: in this process, or in a pool of processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
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
    import multiprocessing  # only now: most runs read their few files in this process
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(batches)), mp_context=context, initializer=_end_with_parent)
    try:
        yield from pool.map(function, batches)
    finally:  # a run that is told to end does not begin the batches that wait
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Lets a worker end when its parent was killed: it would wait for work for ever."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
