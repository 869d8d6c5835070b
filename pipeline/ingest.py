"""Which files of the raw folder to read, and reading them in batches."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.engine import map_batches
from pipeline.errors import OptionError
from pipeline.extract import extract_file
from pipeline.panel import panel_of
from pipeline.read import digest_of, members_of, size_of
from pipeline.rules import RuleSet, load_rules
from pipeline.tables import tables_of
from pipeline.topics.model import load_model
from pipeline.twins import mark_twins

BATCH_BYTES = 1_000_000  # of source files to a batch: some seconds of work, so that a progress bar moves


@dataclass(frozen=True)
class Batch:
    """Some files that one worker reads in one go."""

    files: tuple[tuple[str, Path], ...]  # (source, path)
    salts: dict[str, str]  # of the ids of byte-identical copies (tables.Ids)
    rules: Path
    fingerprint: str
    ingested_at: dt.datetime


def sources_in(raw: Path) -> list[tuple[str, Path]]:
    """The files under `raw` as (source, path), sorted by source; hidden files and folders are left out.

    Each file in a .zip is a source of its own, `archive.zip/member.txt`, and so is its path, which only read/ can open.
    Raises OptionError if `raw` is no folder that can be read.
    """
    if not raw.is_dir():
        raise OptionError(f"{raw}: there is no such folder of reports; give the folder that holds them with --raw")
    found: list[tuple[str, Path]] = []
    for folder, names, files in os.walk(raw, onerror=_refuse):
        names[:] = sorted(n for n in names if not n.startswith("."))
        for name in files:
            if not name.startswith("."):
                path = Path(folder, name)
                # A name that is no UTF-8 cannot stand in a Parquet string: show it with replacement characters.
                source = os.fsencode(path.relative_to(raw).as_posix()).decode("utf-8", "replace")
                found += [(f"{source}/{name}", path / name) for name in members_of(path)] or [(source, path)]
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise OptionError(f"{error.filename}: this folder cannot be read ({error.strerror}); check its permissions")


def copies_among(files: Sequence[tuple[str, Path]]) -> dict[str, str]:
    """source -> salt for every file whose bytes an earlier file (in the order of sources) has too."""
    first: dict[str, str] = {}
    sizes = Counter(size_of(path) for _, path in files)
    # What cannot be read has no digest; `sources` says why when its turn comes.
    digests = ((source, digest_of(path)) for source, path in files if sizes[size_of(path)] > 1)
    return {source: source for source, digest in digests if digest and first.setdefault(digest, source) != source}


def batches_of(
    files: Sequence[tuple[str, Path]], rules: Path, fingerprint: str, ingested_at: dt.datetime
) -> list[Batch]:
    """The files in batches of about BATCH_BYTES."""
    salts = copies_among(files)
    groups: list[list[tuple[str, Path]]] = []
    size = BATCH_BYTES
    for source, path in files:
        if size >= BATCH_BYTES:
            groups.append([])
            size = 0
        groups[-1].append((source, path))
        size += size_of(path)
    return [
        Batch(tuple(group), {s: salts[s] for s, _ in group if s in salts}, rules, fingerprint, ingested_at)
        for group in groups
    ]


def read_batch(batch: Batch) -> dict[str, pa.Table]:
    """Reads the files of a batch. Arrow tables travel between processes as whole buffers, not row by row."""
    rules, model = load_rules(batch.rules), load_model()
    readings = [extract_file(path, source, rules, model) for source, path in batch.files]
    return tables_of(readings, rules, fingerprint=batch.fingerprint, ingested_at=batch.ingested_at, salts=batch.salts)


def read_folder(
    raw: Path, rules: RuleSet, *, jobs: int, ingested_at: dt.datetime, progress: Callable[[int, int], None]
) -> dict[str, pa.Table]:
    """The tables of every file under `raw`, in canonical order; `progress(done, total)` counts files.

    Raises OptionError if `raw` cannot be read.
    """
    files = sources_in(raw)
    batches = batches_of(files, rules.folder, rules.fingerprint, ingested_at)
    parts: list[dict[str, pa.Table]] = []
    done = 0
    progress(0, len(files))
    for batch, tables in zip(batches, map_batches(read_batch, batches, jobs=jobs), strict=True):
        parts.append(tables)
        done += len(batch.files)
        progress(done, len(files))
    if not parts:
        parts = [tables_of([], rules, fingerprint=rules.fingerprint, ingested_at=ingested_at)]
    tables = {name: pa.concat_tables([p[name] for p in parts]).unify_dictionaries() for name in parts[0]}
    tables["reports"] = mark_twins(tables["reports"])
    tables["panel"] = panel_of(tables["observations"], tables["reports"])
    return tables
