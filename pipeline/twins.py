"""Near-duplicate reports: copies with some words changed, and one template with its blanks filled.

A report is reduced to the set of its character triples, without digits, masks, marks and spaces, so that the numbers
and blanks in which filled-in templates differ do not count. MinHash (Broder 1997, by the library rensa) estimates the
Jaccard similarity of two sets from signatures of fixed size, and banding (Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, 3.4) finds the pairs worth comparing. A signature hangs on its report alone, so adding reports
compares only what is new with what is known, and the outcome is that of reading everything anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import regex

WIDTH = 3  # characters to a shingle
SIZE, SEED = 252, 1  # minima in a signature
ROWS = 3  # minima to a band: 84 bands of 3 find 99.6 % of the pairs at 0.4, 97.5 % at 0.35
LEAST = 200  # shingles: a shorter text is too short to be told from its genre
# Among the annotated reports unrelated ones reach 0.15; copies with three clauses in ten rewritten stay above 0.35.
THRESHOLD = 0.28
MANY = 50  # reports of one band that are looked at: a phrase that all share makes no twins
CHUNK = 1_000  # pairs compared at a time: what the processor keeps at hand
TABLE = 15_000  # reports for each pair of which there is room to tick it off: a quarter of a gigabyte
PENDING = 5_000_000  # pairs that are held before those found in several bands are joined
NOISE = regex.compile(r"[^\p{L}]|[A-Za-z]")


def signature_of(text: str) -> str | None:
    """The signature of a report's repaired text: SIZE little-endian uint32 in hex; None where it is too short."""
    from rensa import RMinHash

    letters = NOISE.sub("", text)
    shingles = sorted({letters[i : i + WIDTH] for i in range(len(letters) - WIDTH + 1)})
    if len(shingles) < LEAST:
        return None
    sketch = RMinHash(num_perm=SIZE, seed=SEED)
    sketch.update(shingles)
    return np.asarray(sketch.digest(), dtype="<u4").tobytes().hex()


def mark_twins(reports: pa.Table) -> pa.Table:
    """`reports` with twin_of and twin_similarity filled in from its column `signature`.

    Each report is compared with those before it in the table. Where its nearest twin is a copy itself, the report that
    one copies is named, so that all copies of a text name the same report.
    """
    ids, signatures = reports["report_id"].to_pylist(), reports["signature"].to_pylist()
    first: dict[int, int] = {}
    similarity: dict[int, float] = {}
    long = [i for i, signature in enumerate(signatures) if signature is not None]
    minima = np.frombuffer(bytes.fromhex("".join(signatures[i] for i in long)), dtype="<u4").reshape(-1, SIZE)
    for later, earlier, alike in _pairs(minima):
        i, j = long[later], long[earlier]
        first[i], similarity[i] = first.get(j, j), alike
    twins = [ids[first[i]] if i in first else None for i in range(len(ids))]
    return _with(_with(reports, "twin_of", twins), "twin_similarity", [similarity.get(i) for i in range(len(ids))])


def _with(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    """`table` with one column replaced."""
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


def _pairs(signatures: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """For each row: the most similar row before it and their similarity (0 to 1), if that is enough for a twin."""
    later, earlier = np.divmod(_near(signatures), max(1, len(signatures)))
    # Their last bytes first, which take a quarter of the time: as many of them agree as of the whole minima, or more.
    enough = _alike(signatures.astype(np.uint8), later, earlier) >= THRESHOLD
    later, earlier = later[enough], earlier[enough]
    alike = _alike(signatures, later, earlier)
    order = np.lexsort((earlier, -alike, later))
    first = order[np.diff(later[order], prepend=-1) > 0]
    for pair in first[alike[first] >= THRESHOLD]:
        yield int(later[pair]), int(earlier[pair]), float(alike[pair])


def _alike(signatures: np.ndarray, later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """The share of the columns in which the rows of each pair agree."""
    alike = np.zeros(len(later))
    for start in range(0, len(later), CHUNK):
        some = slice(start, start + CHUNK)
        same = signatures[later[some]] == signatures[earlier[some]]
        alike[some] = np.count_nonzero(same, axis=1) / SIZE
    return alike


def _near(signatures: np.ndarray) -> np.ndarray:
    """The pairs of rows that share a band, each as later * number of rows + earlier, in order."""
    rows = len(signatures)
    if rows <= TABLE:  # to tick a pair off takes a fifth of the time of sorting it
        ticked = np.zeros(rows * rows, bool)
        for pairs in _in_bands(signatures):
            ticked[pairs] = True
        return np.flatnonzero(ticked)
    found = [np.zeros(0, np.int64)]
    for pairs in _in_bands(signatures):
        found.append(pairs)
        if sum(map(len, found)) > 2 * len(found[0]) + PENDING:
            found = [np.unique(np.concatenate(found))]
    return np.unique(np.concatenate(found))


def _in_bands(signatures: np.ndarray) -> Iterator[np.ndarray]:
    """The pairs of each band, as above; of those that many rows share only the first MANY with each row."""
    for start in range(0, SIZE, ROWS):
        band = signatures[:, start : start + ROWS]
        order = np.lexsort(band.T)  # stable: rows with the same band stay in order
        fresh = np.ones(len(order), bool)
        fresh[1:] = (band[order[1:]] != band[order[:-1]]).any(axis=1)
        opened = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
        counts = np.minimum(np.arange(len(order)) - opened, MANY)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        yield np.repeat(order, counts) * len(order) + order[np.repeat(opened, counts) + within]
