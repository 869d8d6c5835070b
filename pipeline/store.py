"""The tables on disk: one file of constant name in one real directory for each table, replaced in one step.

A reader that opens `<out>/<table>` with pandas never sees half a table: design.md, Store, gives the measurements.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import schema
from pipeline.errors import StoreError

if os.name == "posix":
    import fcntl

FILE = "data.parquet"


@contextmanager
def locked(out: Path) -> Iterator[Path]:
    """Holds the output folder's lock (the operating system's: it ends with the process); yields the folder for drafts.

    Raises StoreError if the folder cannot be made or written, or if another run holds the lock.
    """
    try:
        drafts = out / ".store" / "tmp"
        drafts.mkdir(parents=True, exist_ok=True)
        with (out / ".store" / "lock").open("a+b") as file:
            if os.name == "posix":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield drafts
    except BlockingIOError:
        raise StoreError(f"{out}: another run is writing there; wait until it has ended") from None
    except OSError as error:
        raise StoreError(
            f"{out}: cannot be written ({error.strerror}); give a folder that you may write with --out"
        ) from None


def publish(out: Path, tables: Mapping[str, pa.Table], *, fingerprint: str) -> None:
    """Writes every table, the codebook and the data package, each replaced in one step.

    Raises StoreError like `locked`.
    """
    metadata = {"rules_fingerprint": fingerprint, "schema_version": schema.VERSION}
    with locked(out) as drafts:
        for stale in drafts.iterdir():
            stale.unlink()
        for name, table in tables.items():
            draft = drafts / f"{name}.parquet"
            pq.write_table(
                table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata}), draft, compression="zstd"
            )
            _replace(draft, out / name / FILE)
        for name, text in (("CODEBOOK.md", schema.codebook()), ("datapackage.json", schema.datapackage())):
            draft = drafts / name
            draft.write_text(text, "utf-8")
            _replace(draft, out / name)


def _replace(draft: Path, target: Path) -> None:
    """Moves `draft` to `target` so that it is there whole or not at all, even after a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
