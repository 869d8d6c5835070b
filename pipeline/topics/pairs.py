"""The pairs of characters around each number, as integers: those of a whole file are found by a few array operations.

Family (one of FAMILIES) and both characters of a pair make one code. Digits and points are all 0, a run of them is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Context

Codes = NDArray[np.int64]
NO_CODES: Codes = np.zeros(0, dtype=np.int64)

# The windows that are looked at, in characters: about two clauses before the number, one behind.
LEFT_WINDOW, RIGHT_WINDOW = 14, 10
FAMILIES = "lmrs"  # l and r: pairs in the clause of the number, left and right of it; m and s: also beyond
CHARACTER = 21  # bits of a code point
FAMILY, OWNER = 2 * CHARACTER, 2 * CHARACTER + 2  # the first bit of the family, and of the number that the pair is at
LAST = 1 << OWNER  # greater than any code
CLAUSE_MARKS = np.array([ord(mark) for mark in "，,：:；;。！？\n"], dtype=np.uint32)
BLOCK = 4096  # numbers at a time: they stand in the bits that a code leaves free, and this bounds the memory


class Around(NamedTuple):
    """What stands around one number: the text of its windows, digits as 0, and the codes of their pairs, sorted."""

    left: str
    right: str
    pairs: Codes


def windows_of(contexts: Sequence[Context]) -> Iterator[Around]:
    """The windows of each of the quantities of one file."""
    if not contexts:
        return
    characters = characters_of(contexts[0].text)
    digit = (characters - ord("0") <= 9) | (characters == ord("."))  # unsigned: what is below 0 wraps
    first = np.append(True, ~(digit[1:] & digit[:-1]))
    short = np.where(digit, np.uint32(ord("0")), characters)[first]
    # Where each character of the text, and its end, stand in the shortened one.
    place = np.append(np.cumsum(first) - 1, len(short))
    collapsed = short.tobytes().decode("utf-32-le", "surrogatepass")
    pairs = short[:-1].astype(np.int64) << CHARACTER | short[1:]
    marks = np.flatnonzero(np.isin(short, CLAUSE_MARKS))
    for begin in range(0, len(contexts), BLOCK):
        yield from _block(contexts[begin : begin + BLOCK], place, collapsed, pairs, marks)


def characters_of(text: str) -> NDArray[np.uint32]:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _block(contexts: Sequence[Context], place: Codes, collapsed: str, pairs: Codes, marks: Codes) -> Iterator[Around]:
    bounds = np.array(
        [
            (max(c.sentence.start, q.start - LEFT_WINDOW), q.start, q.end, min(c.sentence.end, q.end + RIGHT_WINDOW))
            for c in contexts
            for q in [c.quantity]
        ]
    )
    # A window that ends within a run of digits has all of the 0 that the run became.
    left_start, left_end = place[bounds[:, 0]], place[bounds[:, 1] - 1] + 1
    left_end = np.where(bounds[:, 0] < bounds[:, 1], left_end, left_start)
    right_start, right_end = place[bounds[:, 2]], place[bounds[:, 3] - 1] + 1
    right_end = np.where(bounds[:, 2] < bounds[:, 3], right_end, right_start)
    edges = np.concatenate(([-1], marks, [len(collapsed)]))  # clause marks, and the ends of the text
    clause_start = np.maximum(left_start, edges[np.searchsorted(marks, left_end)] + 1)
    clause_end = np.minimum(right_end, edges[np.searchsorted(marks, right_start) + 1])
    starts = np.concatenate((clause_start, left_start, right_start, right_start))
    ends = np.concatenate((left_end, left_end, clause_end, right_end))
    found = _unique_pairs(pairs, starts, ends, len(contexts))
    lefts = zip(left_start.tolist(), left_end.tolist(), strict=True)
    rights = zip(right_start.tolist(), right_end.tolist(), strict=True)
    for (a, b), (c, d), codes in zip(lefts, rights, found, strict=True):
        yield Around(collapsed[a:b], collapsed[c:d], codes)


def _unique_pairs(pairs: Codes, starts: Codes, ends: Codes, owners: int) -> Iterator[Codes]:
    """The codes of the pairs that begin in starts[i] to ends[i] - 2, for each owner; its families stand `owners` apart.

    Each pair counts once for its owner and family.
    """
    window, places = spread(starts, ends - 1)
    family, owner = np.divmod(window, owners)
    codes = np.sort(pairs[places] | family << FAMILY | owner << OWNER)
    codes = codes[np.diff(codes, prepend=-1) > 0]
    cuts = np.searchsorted(codes, np.arange(owners + 1) << OWNER).tolist()
    codes &= (1 << OWNER) - 1
    for begin, end in pairwise(cuts):
        yield codes[begin:end]


def spread(starts: Codes, ends: Codes) -> tuple[Codes, Codes]:
    """All numbers from starts[i] up to ends[i], for each i, and before them the i of each."""
    lengths = np.maximum(ends - starts, 0)
    owners = np.repeat(np.arange(len(starts)), lengths)
    return owners, np.arange(len(owners)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)


def codes_of(names: Sequence[str]) -> Codes:
    """The codes of pairs by their names, the letter of the family and then both characters; all have this form."""
    letters = np.array(names, dtype="U3").view(np.uint32).reshape(-1, 3).astype(np.int64)
    family = np.zeros(len(names), dtype=np.int64)
    for i, name in enumerate(FAMILIES):
        family[letters[:, 0] == ord(name)] = i
    return family << FAMILY | letters[:, 1] << CHARACTER | letters[:, 2]


def is_pair(name: str) -> bool:
    """Whether a key of the model is the name of a pair."""
    return len(name) == 3 and name[0] in FAMILIES


@cache
def name_of(code: int) -> str:
    """The name of the pair with this code."""
    mask = (1 << CHARACTER) - 1
    return FAMILIES[code >> FAMILY] + chr(code >> CHARACTER & mask) + chr(code & mask)
