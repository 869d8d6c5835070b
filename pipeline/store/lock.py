"""One writer at a time: the operating system's lock, which ends with the process that holds it, however it ends."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import BusyError, StoreError
from pipeline.store import files

if os.name == "posix":
    import fcntl


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ROOM = "{out}: cannot be written ({error}); make room or give another folder with --out"


@contextmanager
def locked(out: Path) -> Iterator[Path]:
    """Holds the output folder's lock; yields the folder for drafts.

    Raises StoreError if the folder cannot be made or written, BusyError, which says who writes, if another run does.
    """
    try:
        files.make_folder(files.drafts_of(out))
        with (files.store_of(out) / "lock").open("a+b") as file:
            if os.name == "posix":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(_holder())
            file.flush()
            yield files.drafts_of(out)
    except BlockingIOError:
        raise BusyError(f"{out}: another run is writing there ({_who(out)}); wait until it has ended") from None
    except OSError as error:
        if error.errno in FULL:
            raise StoreError(NO_ROOM.format(out=out, error=os.strerror(error.errno))) from None
        raise StoreError(
            f"{out}: cannot be written ({error.strerror or error}); give a folder that you may write with --out"
        ) from None
    except sqlite3.OperationalError as error:
        raise StoreError(NO_ROOM.format(out=out, error=error)) from None
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{files.store_of(out)}: the record of what was read is damaged ({error}); "
            "remove this folder and run again: everything is read anew"
        ) from None


def _holder() -> bytes:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return json.dumps({"process": os.getpid(), "host": platform.node(), "since": now}).encode()


def _who(out: Path) -> str:
    """Who holds the lock, as far as it is written there."""
    try:
        holder = json.loads((files.store_of(out) / "lock").read_bytes())
        return f"process {holder['process']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has just begun"
