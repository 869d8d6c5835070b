"""The manifest: which source is in which part, and which snapshot readers are to see. Its transaction is the commit.

SQLite with a write-ahead log and synchronous=FULL: a transaction is there whole or not at all, also after a power cut.
Rows that are not `live` are read and stored but not yet committed: a run that was killed need not read them again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline.store import files

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS source (
    source TEXT NOT NULL, live INTEGER NOT NULL, sha256 TEXT NOT NULL, stamp TEXT NOT NULL, salt TEXT NOT NULL,
    fingerprint TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, part TEXT NOT NULL, ranges TEXT NOT NULL,
    failures INTEGER NOT NULL, tried_at REAL NOT NULL, PRIMARY KEY (source, live)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY, created_at TEXT NOT NULL, pinned INTEGER NOT NULL DEFAULT 0, rows TEXT NOT NULL);
"""
Ranges = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Entry:
    """What is known of one source. `ranges`: table -> (first row in the part, number of rows)."""

    source: str
    sha256: str
    stamp: str  # of the file when it was read: size, times, inode; empty: look at the bytes again
    salt: str
    fingerprint: str
    status: str
    error: str
    part: str
    ranges: Ranges = field(default_factory=dict)
    failures: int = 0  # in a row
    tried_at: float = 0.0  # seconds since 1970

    @property
    def failed(self) -> bool:
        """Whether it could not be read when it was last tried."""
        return self.status not in ("ok", "removed")


COLUMNS = [f.name for f in fields(Entry)]
RANGES = COLUMNS.index("ranges")


@dataclass(frozen=True)
class Snapshot:
    """A state of the tables that was published. `rows`: table -> number of rows."""

    id: int
    created_at: str
    pinned: bool
    rows: Mapping[str, int]


class Manifest:
    """The open manifest of an output folder."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, out: Path) -> Iterator[Manifest]:
        """The manifest for writing; the lock must be held. Raises sqlite3.Error, which `locked` explains."""
        db = sqlite3.connect(files.store_of(out) / "manifest.sqlite", isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(SCHEMA)
            yield cls(db)
        finally:
            db.close()

    @classmethod
    @contextmanager
    def view(cls, out: Path) -> Iterator[Manifest]:
        """The manifest for reading, without the lock; an empty one where nothing was ever written."""
        path = (files.store_of(out) / "manifest.sqlite").absolute()
        db = _read_only(path) if path.exists() else sqlite3.connect(":memory:")
        try:
            if not path.exists():
                db.executescript(SCHEMA)
            yield cls(db)
        finally:
            db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within it is there together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.commit()
        except BaseException:
            if self._db.in_transaction:  # SQLite itself has rolled back where the disk is full
                self._db.execute("ROLLBACK")
            raise

    def commit(self) -> None:
        """The commit point."""
        self._db.execute("COMMIT")

    def get(self, key: str) -> int:
        """`generation` (the last state committed), `wanted` and `shown` (snapshots), `restored`; 0 if never set."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return int(row[0]) if row else 0

    def put(self, **values: int) -> None:
        """Sets what `get` gets."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def entries(self, *, live: bool = True) -> dict[str, Entry]:
        """The sources by name, in canonical order: those committed, or those read by a run that did not end."""
        rows = self._db.execute(f"SELECT {', '.join(COLUMNS)} FROM source WHERE live = ?", (live,))  # noqa: S608
        return {row[0]: _entry(row) for row in sorted(rows)}

    def write(self, entries: Iterable[Entry], *, live: bool) -> None:
        """Adds or replaces sources."""
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        rows = ([*_row(e), live] for e in entries)
        self._db.executemany(
            f"INSERT OR REPLACE INTO source ({', '.join(COLUMNS)}, live) VALUES ({marks})",  # noqa: S608
            rows,
        )

    def forget(self, sources: Iterable[str]) -> None:
        """Removes sources as if they had never been seen."""
        self._db.executemany("DELETE FROM source WHERE source = ? AND live", ((s,) for s in sources))

    def clear_staged(self) -> None:
        """Removes what is not live."""
        self._db.execute("DELETE FROM source WHERE NOT live")

    def statuses(self) -> dict[str, int]:
        """status -> number of the sources that are committed."""
        return dict(self._db.execute("SELECT status, count(*) FROM source WHERE live GROUP BY status"))

    def parts(self) -> set[str]:
        """The parts that are referred to."""
        return {str(row[0]) for row in self._db.execute("SELECT DISTINCT part FROM source")}

    def snapshots(self) -> list[Snapshot]:
        """The snapshots on record, oldest first."""
        rows = self._db.execute("SELECT id, created_at, pinned, rows FROM snapshot ORDER BY id")
        return [Snapshot(i, created, bool(pinned), json.loads(n)) for i, created, pinned, n in rows]

    def record_snapshot(self, snapshot: Snapshot) -> None:
        """Adds or replaces a snapshot's record."""
        row = (snapshot.id, snapshot.created_at, snapshot.pinned, json.dumps(snapshot.rows))
        self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", row)

    def drop_snapshot(self, number: int) -> None:
        """Removes a snapshot's record."""
        self._db.execute("DELETE FROM snapshot WHERE id = ?", (number,))


def _row(entry: Entry) -> list[object]:
    values = {**vars(entry), "ranges": json.dumps(dict(entry.ranges))}  # asdict() would copy every range, twice as slow
    return [values[name] for name in COLUMNS]


def _entry(row: tuple[Any, ...]) -> Entry:
    """The entry of a row of COLUMNS."""
    values: list[Any] = [*row]
    values[RANGES] = {name: (start, count) for name, (start, count) in json.loads(row[RANGES]).items()}
    return Entry(*values)


def _read_only(path: Path) -> sqlite3.Connection:
    """In a folder that we may not write SQLite must be told that nobody else writes either."""
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        db.execute("SELECT count(*) FROM meta")
    except sqlite3.OperationalError:
        db.close()
        db = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    return db
