"""What a run has to do: the files that are there against what is known of them. Reads bytes only where it must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.read import digest_of
from pipeline.store.manifest import Entry

FIRST_WAIT, LONGEST_WAIT = 20 * 3600.0, 30 * 86_400.0  # seconds before a failed file is tried again; doubled each time
# A file that changed so shortly before it was looked at may change again without its times showing it.
FRESH_NS = 2_000_000_000


@dataclass(frozen=True)
class Item:
    """A file that is there."""

    source: str
    path: Path
    sha256: str  # empty if it cannot be read
    stamp: str
    salt: str = ""  # tells the ids of byte-identical copies apart: empty for the first of them


@dataclass(frozen=True)
class Plan:
    """`todo`: (item, why it is read). `moved`: (what is known, item). `removed`: also what was moved, by its
    old name. `touched`: known, only the stamp is another."""

    todo: tuple[tuple[Item, str], ...]
    moved: tuple[tuple[Entry, Item], ...]
    removed: tuple[Entry, ...]
    touched: tuple[Entry, ...]
    found: int

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.todo or self.moved or self.removed)

    def reasons(self) -> dict[str, int]:
        """How many sources for each reason."""
        counts: dict[str, int] = {}
        for _, reason in self.todo:
            counts[reason] = counts.get(reason, 0) + 1
        more = {"moved": len(self.moved), "removed": len(self.removed) - len(self.moved)}
        return counts | {name: n for name, n in more.items() if n}


def look(found: Sequence[tuple[str, Path]], known: Mapping[str, Entry], now_ns: int) -> list[Item]:
    """The files with their digests; bytes are read only where size, times or inode are others than when last read."""
    items: list[Item] = []
    first: dict[str, str] = {}
    for source, path in found:
        stamp = _stamp(path, now_ns)
        entry = known.get(source)
        trusted = entry is not None and stamp and entry.stamp == stamp and entry.status != "removed"
        digest = entry.sha256 if trusted and entry is not None else digest_of(path)
        copy = digest and first.setdefault(digest, source) != source
        items.append(Item(source, path, digest, stamp, source if copy else ""))
    return items


def _stamp(path: Path, now_ns: int) -> str:
    """Size, times and inode of a file or of the archive that it is in; empty where they cannot be relied on."""
    for place in _here_and_above(path):
        try:
            about = place.stat()
        except OSError:
            if ".zip" not in str(place).lower():
                return ""
            continue
        # A time in the future (the clock was set back) cannot be relied on either.
        if max(about.st_mtime_ns, about.st_ctime_ns) > now_ns - FRESH_NS:
            return ""
        return f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}"
    return ""


def _here_and_above(path: Path) -> Iterator[Path]:
    """The folders are made only where they are asked for: that takes as long as all else that is done about a file."""
    yield path
    yield from path.parents


def make_plan(items: Sequence[Item], known: Mapping[str, Entry], fingerprint: str, *, now: float, full: bool) -> Plan:
    """What to do about `items`. `now`: seconds since 1970. `full`: read everything again."""
    there = {item.source for item in items}
    gone = [e for e in known.values() if e.source not in there and e.status != "removed"]
    movable = {} if full else {_identity(e): e for e in gone if e.status == "ok" and e.fingerprint == fingerprint}
    todo: list[tuple[Item, str]] = []
    moved: list[tuple[Entry, Item]] = []
    touched: list[Entry] = []
    for item in items:
        entry = known.get(item.source)
        reason = "full" if full else _reason(item, entry, fingerprint, now)
        if reason == "new" and (before := movable.pop(_identity(item), None)):
            moved.append((before, item))
        elif reason:
            todo.append((item, reason))
        elif entry is not None and entry.stamp != item.stamp:
            touched.append(replace(entry, stamp=item.stamp))
    return Plan(tuple(todo), tuple(moved), tuple(gone), tuple(touched), len(items))


def _identity(thing: Entry | Item) -> tuple[str, str, str]:
    """What must be the same if rows are to be the same under another name: .txt and .md are read differently."""
    return thing.sha256, thing.salt, PurePosixPath(thing.source).suffix.lower()


def _reason(item: Item, entry: Entry | None, fingerprint: str, now: float) -> str:
    """Why a file must be read; empty if it need not."""
    if entry is None or entry.status == "removed":
        return "new"
    if item.sha256 != entry.sha256:
        return "changed"
    if entry.fingerprint != fingerprint:
        return "rules or code changed"
    if item.salt != entry.salt:
        return "copies changed"
    return "retry" if entry.failed and is_due(entry, now) else ""


def is_due(entry: Entry, now: float) -> bool:
    """Whether a failed source is to be tried again; also if the clock was set back behind the last time."""
    return not entry.tried_at <= now < next_try(entry)


def next_try(entry: Entry) -> float:
    """When a failed source is tried again though nothing changed, in seconds since 1970."""
    return entry.tried_at + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(20, max(0, entry.failures - 1)))
