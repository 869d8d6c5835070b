"""Snapshots: what was published, kept as second names of the same files; the last few and those that are pinned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.errors import OptionError
from pipeline.store import files
from pipeline.store.manifest import Manifest, Snapshot

KEPT = 3


def on_disk(out: Path) -> list[int]:
    """The numbers of the snapshots that are there, in order."""
    folder = files.snapshots_of(out)
    return sorted(int(p.name) for p in folder.iterdir() if p.name.isdecimal()) if folder.is_dir() else []


def listed(out: Path, manifest: Manifest) -> list[Snapshot]:
    """The snapshots that can be read, oldest first."""
    there = set(on_disk(out))
    return [s for s in manifest.snapshots() if s.id in there]


def find(out: Path, manifest: Manifest, number: int) -> Snapshot:
    """One snapshot. Raises OptionError, which lists what there is, if it is not there."""
    there = listed(out, manifest)
    for snapshot in there:
        if snapshot.id == number:
            return snapshot
    known = ", ".join(str(s.id) for s in there) or "none"
    raise OptionError(f"{out}: there is no snapshot {number}; there are: {known}")


def pin(out: Path, manifest: Manifest, number: int, *, pinned: bool) -> None:
    """Keeps a snapshot for good, or no longer. Raises OptionError like `find`."""
    manifest.record_snapshot(replace(find(out, manifest, number), pinned=pinned))


def is_shown(out: Path, number: int) -> bool:
    """Whether the published files are those of the snapshot, as far as names and sizes tell."""
    try:
        there = sorted((files.snapshots_of(out) / str(number)).glob("*.parquet"))
        return bool(there) and all((out / p.stem / files.TABLE_FILE).stat().st_size == p.stat().st_size for p in there)
    except OSError:
        return False


def prune(out: Path, manifest: Manifest) -> None:
    """Removes the snapshots that are neither among the last, nor pinned, nor shown."""
    there = on_disk(out)
    keep = {s.id for s in manifest.snapshots() if s.pinned} | set(there[-KEPT:])
    keep |= {manifest.get("wanted"), manifest.get("shown")}
    for number in there:
        if number not in keep:
            files.remove(files.snapshots_of(out) / str(number))
    for snapshot in manifest.snapshots():
        if snapshot.id not in keep:
            manifest.drop_snapshot(snapshot.id)
