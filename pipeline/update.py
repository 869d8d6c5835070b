"""Brings the store up to date with a folder of reports: look, plan, read in batches, commit, publish.

Killed at any instant, it leaves what readers saw before or what they are to see now, and the next run completes it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.arrow import spare_pandas
from pipeline.engine import map_batches
from pipeline.errors import OptionError
from pipeline.fingerprint import RULES, Fingerprint, current
from pipeline.ingest import Batch, Progress, batches_of, read_batch, sources_in
from pipeline.plan import Item, Plan, look, make_plan
from pipeline.store import files, locked
from pipeline.store.manifest import Entry, Manifest
from pipeline.store.snapshots import is_shown, on_disk


@dataclass(frozen=True)
class Options:
    """How to bring the store up to date. `forget`: leave no trace of files that are no longer there."""

    jobs: int = 1
    full: bool = False
    forget: bool = False
    allow_empty: bool = False
    rules: Path = RULES


@dataclass(frozen=True)
class Outcome:
    """What a run did. `failed`: (source, error) of this run. `snapshot`: what readers see now; 0 if nothing yet."""

    plan: Plan
    read: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    snapshot: int = 0
    published: bool = False
    sources: Mapping[str, int] = field(default_factory=dict)  # status -> number, of all that is known


@dataclass(frozen=True)
class Work:
    """A batch and where its part goes."""

    batch: Batch
    out: Path
    part: str


def preview(raw: Path, out: Path, options: Options, *, now: dt.datetime) -> Plan:
    """What `bring_up_to_date` would do, without the lock and without writing anything."""
    with Manifest.view(out) as manifest:
        return _plan(raw, manifest.entries(), current(options.rules), options, now)


def bring_up_to_date(raw: Path, out: Path, options: Options, *, now: dt.datetime, progress: Progress) -> Outcome:
    """Reads what is new or changed under `raw` and publishes the tables if that changes them.

    Raises OptionError if `raw` cannot be read, or is empty though it was not; StoreError or BusyError as `locked` does.
    """
    if not raw.is_dir():
        sources_in(raw)
    with locked(out), Manifest.open(out) as manifest:
        mark = current(options.rules)
        repaired = _publish(out, manifest, mark, now)
        _sweep(out, manifest, options)
        known = manifest.entries()
        plan = _plan(raw, known, mark, options, now)
        done = _read_all(plan, out, manifest, mark, options, now, progress)
        changes = _changes(plan, done, known, out, options)
        _commit(out, manifest, plan, changes, options)
        published = _publish(out, manifest, mark, now) or repaired
        failed = tuple((e.source, e.error) for e in done if e.failed)
        return Outcome(plan, len(done), failed, manifest.get("shown"), published, manifest.statuses())


def _plan(raw: Path, known: Mapping[str, Entry], mark: Fingerprint, options: Options, now: dt.datetime) -> Plan:
    found = sources_in(raw)
    if not found and not options.allow_empty and any(e.status != "removed" for e in known.values()):
        raise OptionError(
            f"{raw}: there are no files, though {len(known)} were read from it before; "
            "check that the folder is mounted, or give --allow-empty"
        )
    items = look(found, known, time.time_ns())
    return make_plan(items, known, mark.whole, now=now.timestamp(), full=options.full)


def _publish(out: Path, manifest: Manifest, mark: Fingerprint, now: dt.datetime) -> bool:
    """Makes readers see what is committed, if they do not; True if they did not."""
    if _is_current(out, manifest):
        return False
    spare_pandas()
    from pipeline.store.publish import Origin, compact, show

    shown = show(out, manifest, Origin(mark.rules, mark.code, now.isoformat(timespec="seconds")))
    compact(out, manifest, _new_part())
    return shown


def _is_current(out: Path, manifest: Manifest) -> bool:
    wanted = manifest.get("wanted")
    return wanted == manifest.get("shown") and (not wanted or is_shown(out, wanted))


def _sweep(out: Path, manifest: Manifest, options: Options) -> None:
    """Removes what a run that was killed left behind."""
    for draft in files.drafts_of(out).iterdir():
        files.remove(draft)
    if options.full:
        manifest.clear_staged()
    wanted = manifest.parts()
    for path in files.parts_of(out).glob("*/*"):
        if path.stem not in wanted:
            files.remove(path)


def _new_part() -> str:
    """A name that no process that outlived its run can have."""
    return secrets.token_hex(8)


def _read_all(
    plan: Plan, out: Path, manifest: Manifest, mark: Fingerprint, options: Options, now: dt.datetime, progress: Progress
) -> list[Entry]:
    """Reads what is to be read; what a run that did not end has read already is taken from there."""
    total = len(plan.todo)
    progress(0, total)
    staged = manifest.entries(live=False)
    done = [replace(staged[i.source], stamp=i.stamp) for i, _ in plan.todo if _is_staged(i, staged, mark.whole)]
    taken = {e.source for e in done}
    items = {i.source: i for i, _ in plan.todo if i.source not in taken}
    salts = {i.source: i.salt for i in items.values() if i.salt}
    batches = batches_of([(i.source, i.path) for i in items.values()], options.rules, mark.whole, now, salts)
    work = [Work(batch, out, _new_part()) for batch in batches]
    for entries in map_batches(store_batch, work, jobs=options.jobs):
        entries = [_with_item(e, items[e.source]) for e in entries]
        with manifest.transaction():
            manifest.write(entries, live=False)
        done += entries
        progress(len(done), total)
    return done


def _is_staged(item: Item, staged: Mapping[str, Entry], fingerprint: str) -> bool:
    entry = staged.get(item.source)
    return entry is not None and (entry.sha256, entry.salt, entry.fingerprint, entry.status) == (
        item.sha256, item.salt, fingerprint, "ok"
    )  # fmt: skip


def _with_item(entry: Entry, item: Item) -> Entry:
    """`entry` with what the plan knew; a file that changed while it was read is looked at again by the next run."""
    return replace(entry, salt=item.salt, stamp=item.stamp if entry.sha256 == item.sha256 else "")


def store_batch(work: Work) -> list[Entry]:
    """Reads a batch and writes its part, in whatever process; returns what the manifest is to know."""
    spare_pandas()
    from pipeline.recall import keep, recall
    from pipeline.store.parts import write_part

    recall(files.kept_of(work.out))
    tables = read_batch(work.batch)
    keep(files.kept_of(work.out), files.drafts_of(work.out) / f"{work.part}.kept")
    ranges = write_part(work.out, work.part, tables)
    rows = tables["sources"].select(["source", "sha256", "status", "error"]).to_pylist()
    tried = work.batch.ingested_at.timestamp()
    return [
        Entry(
            source=row["source"], sha256=row["sha256"], stamp="", salt="", fingerprint=work.batch.fingerprint,
            status=row["status"], error=row["error"] or "", part=work.part, ranges=ranges[row["source"]],
            failures=0 if row["status"] == "ok" else 1, tried_at=tried,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """What the transaction is to write. `silent`: known better, but nothing that a reader could see."""

    visible: tuple[Entry, ...]
    silent: tuple[Entry, ...]
    gone: tuple[str, ...] = ()


def _changes(plan: Plan, done: Sequence[Entry], known: Mapping[str, Entry], out: Path, options: Options) -> Changes:
    visible: list[Entry] = []
    silent = list(plan.touched)
    for entry in done:
        before = known.get(entry.source)
        if entry.failed and before is not None and before.failed:
            entry = replace(entry, failures=before.failures + 1)
            if not options.full and _said(entry) == _said(before):
                silent.append(replace(before, failures=entry.failures, tried_at=entry.tried_at, stamp=entry.stamp))
                continue
        visible.append(entry)
    visible += _moved(plan, out)
    if options.forget:
        return Changes(
            tuple(visible), tuple(silent), tuple(e.source for e in known.values() if _gone(e, plan, visible))
        )
    moved = {before.source: item.source for before, item in plan.moved}
    return Changes(tuple(visible + [_removed(e, moved.get(e.source)) for e in plan.removed]), tuple(silent))


def _gone(entry: Entry, plan: Plan, visible: Sequence[Entry]) -> bool:
    return entry in plan.removed or (entry.status == "removed" and entry.source not in {e.source for e in visible})


def _said(entry: Entry) -> tuple[str, str, str, str]:
    return entry.sha256, entry.fingerprint, entry.status, entry.error


def _moved(plan: Plan, out: Path) -> list[Entry]:
    """The sources that have a new name, their rows written under it."""
    if not plan.moved:
        return []
    from pipeline.store.parts import relabel

    part = _new_part()
    ranges = relabel(out, part, [(before, item.source) for before, item in plan.moved])
    return [
        replace(before, source=item.source, stamp=item.stamp, part=part, ranges=ranges[item.source])
        for before, item in plan.moved
    ]


def _removed(entry: Entry, now_at: str | None) -> Entry:
    """Only the row in `sources` is left of it."""
    where = f"is now {now_at}" if now_at else "is no longer in the raw folder"
    return replace(
        entry, status="removed", error=f"{entry.source}: the file {where}", stamp="",
        ranges={name: rows for name, rows in entry.ranges.items() if name == "sources"},
    )  # fmt: skip


def _commit(out: Path, manifest: Manifest, plan: Plan, changes: Changes, options: Options) -> None:
    """The commit point: after this transaction the new rows are there, whatever happens to the publishing."""
    visible = bool(changes.visible or changes.gone or not manifest.get("generation"))
    if not (visible or changes.silent):
        return
    if visible and files.parts_of(out).is_dir():
        from pipeline.store.parts import sync_parts

        sync_parts(out)
    with manifest.transaction():
        manifest.forget(changes.gone)
        manifest.write((*changes.visible, *changes.silent), live=True)
        manifest.clear_staged()
        if visible:
            number = max([manifest.get("generation"), *on_disk(out)]) + 1
            manifest.put(generation=number, wanted=number)
