"""Follows a folder of reports: says when something in it has changed and lies still.

watchfiles (https://watchfiles.helpmanual.io) is told by the operating system, or looks itself where it is not told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from pipeline.errors import OptionError

UNFINISHED = (".part", ".tmp", ".crdownload", ".download", ".filepart", "~")  # names of files that are still arriving


def changes(raw: Path, *, still: float, stop: Event | None = None) -> Iterator[None]:
    """Yields at first, and when files under `raw` have changed and nothing has changed any more for `still` seconds.

    Raises OptionError if the extra `watch` is not installed, KeyboardInterrupt if a handler of signals raises anything.
    """
    try:
        import watchfiles
    except ImportError:
        raise OptionError("watching a folder needs one more package: pip install 'cunbao[watch]'") from None
    waiting = True  # what arrived before anybody watched; the first round comes when the watching has begun
    rounds = watchfiles.watch(raw, watch_filter=_matters, stop_event=stop, yield_on_timeout=True, rust_timeout=500)
    for changed in rounds:
        if changed or waiting:
            waiting = False
            wait_until_still(raw, still=still)
            yield


def _matters(_: object, path: str) -> bool:
    name = Path(path).name.lower()
    return not name.startswith(".") and not name.endswith(UNFINISHED)


def wait_until_still(raw: Path, *, still: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns when all files under `raw` have kept size and time for `still` seconds, so that none is read half."""
    before = state_of(raw)
    sleep(still)
    while (now := state_of(raw)) != before:
        before = now
        sleep(still)


def state_of(raw: Path) -> dict[str, tuple[int, int]]:
    """Size in bytes and time of change in nanoseconds of every file."""
    found: dict[str, tuple[int, int]] = {}
    for path in raw.rglob("*"):
        try:
            about = path.stat()
        except OSError:
            continue  # it has just gone
        found[str(path)] = (about.st_size, about.st_mtime_ns)
    return found
