"""Which files of the raw folder there are, and reading them in batches.

Nothing heavy is imported before there is something to read: a night without news costs a second.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engine import map_batches
from pipeline.errors import OptionError, ReadError
from pipeline.fingerprint import current
from pipeline.read import digest_of, members_of, size_of

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.records import Failure, Reading
    from pipeline.rules import RuleSet
    from pipeline.topics.model import TopicModel

Progress = Callable[[int, int], None]
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
    found: dict[str, Path] = {}
    for folder, names, here in os.walk(raw, onerror=_refuse):
        names[:] = sorted(n for n in names if not n.startswith("."))
        place = Path(folder)
        inside = "" if place == raw else place.relative_to(raw).as_posix() + "/"
        for name in sorted(n for n in here if not n.startswith(".")):
            path = place / name
            source = _name(inside + name, found)
            members = members_of(path)
            found.update({f"{source}/{member}": path / member for member in members} or {source: path})
    return sorted(found.items())


def _name(path: str, taken: Mapping[str, Path]) -> str:
    """The name of a file in the tables. One that is no UTF-8 cannot stand in a Parquet string: its bytes are replaced,
    or spelt out where two names would become the same."""
    written = os.fsencode(path)
    name = written.decode("utf-8", "replace")
    return written.decode("utf-8", "backslashreplace") if name in taken else name


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
    files: Sequence[tuple[str, Path]],
    rules: Path,
    fingerprint: str,
    ingested_at: dt.datetime,
    salts: Mapping[str, str] | None = None,
) -> list[Batch]:
    """The files in batches of about BATCH_BYTES; `salts` as `copies_among` finds them, if that is known already."""
    salts = copies_among(files) if salts is None else salts
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
    from pipeline.rules import load_rules
    from pipeline.tables import tables_of
    from pipeline.topics.model import load_model

    with no_search_for_garbage():
        rules, model = load_rules(batch.rules), load_model()
        if not gc.get_freeze_count():
            gc.freeze()  # a million things that stay
        readings = [_read(path, source, rules, model) for source, path in batch.files]
    return tables_of(readings, rules, fingerprint=batch.fingerprint, ingested_at=batch.ingested_at, salts=batch.salts)


@contextmanager
def no_search_for_garbage() -> Iterator[None]:
    """While a batch is read: there is next to none, and to look for it again and again took a tenth of the time.

    It is looked for afterwards, and what a batch left is found then.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read(path: Path, source: str, rules: RuleSet, model: TopicModel) -> Reading | Failure:
    """Reads one file; a fault of the program itself is a failure of this file and does not stop the others."""
    from pipeline.extract import extract_file, failure_of

    try:
        return extract_file(path, source, rules, model)
    except Exception as error:
        said = f"{source}: the program failed on this file ({type(error).__name__}); report it together with the file"
        return failure_of(path, source, ReadError(said))


def read_folder(
    raw: Path, rules: RuleSet, *, jobs: int, ingested_at: dt.datetime, progress: Progress
) -> dict[str, pa.Table]:
    """The tables of every file under `raw`, in canonical order and without a store; `progress` counts files.

    Raises OptionError if `raw` cannot be read.
    """
    import pyarrow as pa

    from pipeline.derived import derive
    from pipeline.tables import tables_of

    files = sources_in(raw)
    fingerprint = current(rules.folder).whole
    batches = batches_of(files, rules.folder, fingerprint, ingested_at)
    parts: list[dict[str, pa.Table]] = []
    done = 0
    progress(0, len(files))
    for batch, tables in zip(batches, map_batches(read_batch, batches, jobs=jobs), strict=True):
        parts.append(tables)
        done += len(batch.files)
        progress(done, len(files))
    if not parts:
        parts = [tables_of([], rules, fingerprint=fingerprint, ingested_at=ingested_at)]
    return derive({name: pa.concat_tables([p[name] for p in parts]).unify_dictionaries() for name in parts[0]})
