"""What readers open: one file of constant name in one real directory for each table, replaced in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import schema
from pipeline.derived import derive
from pipeline.store import files
from pipeline.store.manifest import Entry, Manifest, Snapshot
from pipeline.store.parts import live_tables, part_file, write_table
from pipeline.store.snapshots import find, is_shown, prune

# A reader that opens the file twice (pandas on a bare path) fails loudly where the second time shows another codec.
# Of all codecs these two cost the least time. Neither takes the other's bytes: zstd's begin with a mark, and Snappy's
# with a length behind which that mark would be a copy of what was never written.
CODECS = ("snappy", "zstd")
LEVELS = {"snappy": None, "zstd": 1}
MOST_PARTS = 8  # more are joined to one


@dataclass(frozen=True)
class Origin:
    """What made the tables; stands in the metadata of every file."""

    rules: str
    code: str
    created_at: str


def build(out: Path, manifest: Manifest, number: int, origin: Origin) -> None:
    """Writes snapshot `number`, the state that is committed; it is there whole or not at all."""
    folder = files.drafts_of(out) / f"snapshot-{number}"
    files.remove(folder)
    files.make_folder(folder)
    tables = derive(live_tables(out, manifest.entries().values()))
    codec, facts = CODECS[number % 2], _metadata(number, origin)
    schemas = {spec.name: spec.schema(**facts) for spec in (*schema.TABLES, *schema.DERIVED)}

    def write(name: str) -> None:
        write_table(tables[name], schemas[name], folder / f"{name}.parquet", codec, LEVELS[codec])

    with ThreadPoolExecutor() as pool:  # pyarrow lets go of the interpreter while it writes
        list(pool.map(write, tables))
    for name in tables:
        files.sync(folder / f"{name}.parquet")
    files.sync(folder)
    rows = {name: table.num_rows for name, table in tables.items()}
    manifest.record_snapshot(Snapshot(number, origin.created_at, pinned=False, rows=rows))
    files.make_folder(files.snapshots_of(out))
    files.move(folder, files.snapshots_of(out) / str(number))
    files.sync(files.snapshots_of(out))


def _metadata(number: int, origin: Origin) -> dict[str, str]:
    facts = {
        "snapshot": str(number),
        "schema_version": schema.VERSION,
        "rules_fingerprint": origin.rules,
        "code_version": origin.code,
    }
    # pandas makes df.attrs of it: https://pandas.pydata.org/docs/whatsnew/v2.1.0.html
    return {**facts, "PANDAS_ATTRS": json.dumps({**facts, "snapshot": number})}


def show(out: Path, manifest: Manifest, origin: Origin) -> bool:
    """Makes readers see the snapshot that is wanted; False if they do already. A run that was killed is made good."""
    number = manifest.get("wanted")
    if not number or (manifest.get("shown") == number and is_shown(out, number)):
        return False
    if not (files.snapshots_of(out) / str(number)).is_dir():
        # A restored snapshot that was taken away by hand cannot be made again: the newest state can.
        number = manifest.get("generation")
        if not (files.snapshots_of(out) / str(number)).is_dir():
            build(out, manifest, number, origin)
    place(out, number)
    manifest.put(wanted=number, shown=number)
    prune(out, manifest)
    return True


def place(out: Path, number: int) -> None:
    """Puts the files of a snapshot where readers open them, one by one; each is replaced in one step."""
    for file in sorted((files.snapshots_of(out) / str(number)).glob("*.parquet")):
        target = out / file.stem / files.TABLE_FILE
        files.make_folder(target.parent)
        if target.exists() and target.samefile(file):
            continue
        draft = files.drafts_of(out) / file.name
        files.remove(draft)
        files.link(file, draft)
        files.move(draft, target)
        files.sync(target.parent)
    for name, text in (("CODEBOOK.md", schema.codebook()), ("datapackage.json", schema.datapackage())):
        if not files.holds(out / name, text):
            files.write_text(text, files.drafts_of(out) / name, out / name)


def restore(out: Path, manifest: Manifest, number: int) -> None:
    """Lets readers see an older snapshot until something new is committed. Raises OptionError if it is not there."""
    find(out, manifest, number)
    manifest.put(wanted=number)
    place(out, number)
    manifest.put(shown=number)


def compact(out: Path, manifest: Manifest, part: str) -> bool:
    """Makes the newest snapshot a part, if there are many small ones; costs links, not bytes."""
    number = manifest.get("generation")
    folder = files.snapshots_of(out) / str(number)
    if len(manifest.parts()) <= MOST_PARTS or not folder.is_dir() or manifest.get("shown") != number:
        return False
    for spec in schema.TABLES:
        target = part_file(out, spec.name, part)
        files.link(folder / f"{spec.name}.parquet", target)
        files.sync(target.parent)
    with manifest.transaction():
        manifest.write(_in_one_part(manifest.entries(), part), live=True)
    return True


def _in_one_part(entries: Mapping[str, Entry], part: str) -> list[Entry]:
    """The sources, in canonical order, where they stand in the published tables."""
    ends = dict.fromkeys((spec.name for spec in schema.TABLES), 0)
    moved: list[Entry] = []
    for entry in entries.values():
        ranges = {name: (ends[name], entry.ranges.get(name, (0, 0))[1]) for name in ends}
        ends = {name: ends[name] + ranges[name][1] for name in ends}
        moved.append(replace(entry, part=part, ranges=ranges))
    return moved
