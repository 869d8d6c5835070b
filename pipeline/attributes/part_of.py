"""Part_of: which number is stated to be a part of which, by 其中, 含 or a bracket after the total."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.attributes.cues import REACH, START, Book, Heard, Place, book_of, governing, heard_in
from pipeline.clauses import OPENING
from pipeline.records import Context, Quantity, Sentence
from pipeline.rules import RuleSet

LOOK_BACK = 40  # numbers before 其中 or a bracket that are looked back over for the total
MAX_NOUN = 12  # code points between a total and the bracket that breaks it down: 11个行政村(其中脱贫村4个)
TOLERANCE = 1.0001


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """The quantities of one sentence and where each stands in it."""

    first: int  # index of the first among the text's quantities
    sentence: Sentence
    quantities: tuple[Quantity, ...]
    places: Sequence[Place]


@dataclass(slots=True)
class Scope:
    """What stands after one 其中 or 含, or in one bracket: the totals it may belong to, nearest first."""

    row: Row
    totals: list[int]
    begin: int  # offset in the sentence
    bracket: bool
    begun: bool = False
    closed: bool = False


def link_parts(contexts: Sequence[Context], places: Sequence[Place], rules: RuleSet) -> tuple[int | None, ...]:
    """For each of the quantities of one text, in order: the index of the total that it is stated to be a part of.

    Only numbers of one measure link. 其中 reaches to the next semicolon or full stop; a sentence that opens with it
    goes on from the sentence before. Plain apposition, 用于 and 其余 do not link.
    """
    links: list[int | None] = [None] * len(contexts)
    book, first = book_of(rules, "part_of"), 0
    before: Row | None = None
    while first < len(contexts):
        sentence, quantities = contexts[first].sentence, contexts[first].row
        row = Row(first, sentence, quantities, places[first : first + len(quantities)])
        for i, total in _link_row(row, before, book):
            links[i] = total
        before, first = row, first + len(quantities)
    return tuple(links)


def _link_row(row: Row, before: Row | None, book: Book) -> Iterator[tuple[int, int]]:
    """The links (part, total) of one sentence, as indexes into the text's quantities."""
    scopes: dict[tuple[int, int], Scope] = {}
    openings = [hit for hit in heard_in(book, row.places[0].scene) if hit.cue.value == "opens"]
    for i, place in enumerate(row.places):
        opening = _opening(openings, place) if openings else None
        if opening is None and len(place.piece.frames) == 1:
            continue
        key = (opening.start, -1) if opening else (-1, place.piece.frames[0])
        if key not in scopes:
            scopes[key] = _open_scope(row, before, opening, i)
        scope = scopes[key]
        if not scope.closed and not _blocked(book, place, scope):
            total = _choose(scope, row.quantities[i])
            if total is not None:
                yield row.first + i, scope.row.first + total


def _opening(openings: Sequence[Heard], place: Place) -> Heard | None:
    """The nearest 其中 or 含 before the quantity, in its own bracket and semicolon stretch."""
    for hit in reversed(openings[: bisect_left(openings, place.start, key=START)]):
        if hit.start < place.start - REACH:
            break
        if hit.piece.frames[0] == place.piece.frames[0] and hit.piece.stretches[0] == place.piece.stretches[0]:
            return hit
    return None


def _open_scope(row: Row, before: Row | None, opening: Heard | None, index: int) -> Scope:
    """The scope that `opening`, or the bracket around the `index`-th quantity, opens."""
    place = row.places[index]
    frames = place.piece.frames
    begin = opening.start if opening else _bracket_start(place)
    if opening:
        stretch = place.piece.stretches[0]
        recent = [i for i in range(index - 1, max(-1, index - LOOK_BACK), -1) if row.places[i].start < begin]
        level = [i for i in recent if row.places[i].piece.frames[0] == frames[0]]
        inside = [i for i in level if row.places[i].piece.stretches[0] == stretch]
        if inside:
            return Scope(row, inside, begin, bracket=False)
        if len(frames) == 1:
            return _from_before(row, before, opening)
    return Scope(row, _before_bracket(row, index), begin, bracket=True)


def _from_before(row: Row, before: Row | None, opening: Heard) -> Scope:
    """A sentence that opens with 其中 breaks down the last stretch of the sentence right before it."""
    opens = not row.places[0].scene.sentence[: opening.start].strip()
    if before is None or not opens or before.sentence.end != row.sentence.start:
        return Scope(row, [], opening.start, bracket=False, closed=True)
    level = [i for i, place in enumerate(before.places) if place.piece.frames == (0,)][-LOOK_BACK:]
    stretch = before.places[level[-1]].piece.stretches if level else ()
    last = [i for i in level if before.places[i].piece.stretches == stretch]
    return Scope(before, last[::-1], opening.start, bracket=False)


def _before_bracket(row: Row, index: int) -> list[int]:
    """The quantities right before a bracket, in the clause around it, nearest first."""
    place = row.places[index]
    begin, outside = _bracket_start(place), place.piece.frames[1:]
    found: list[int] = []
    for i in range(index - 1, max(-1, index - LOOK_BACK), -1):
        other = row.places[i]
        if other.piece.frames != outside:
            continue
        if begin - other.end > MAX_NOUN and not found:
            break
        if found and other.piece.clauses != row.places[found[0]].piece.clauses:
            break
        found.append(i)
    return found


def _bracket_start(place: Place) -> int:
    """Where the bracket around the quantity begins."""
    lowest = max(0, place.start - REACH)
    return max(place.scene.sentence.rfind(mark, lowest, place.start) for mark in OPENING)


def _blocked(book: Book, place: Place, scope: Scope) -> bool:
    """Whether a cue says that the quantity is no part; one that closes the scope ends it."""
    values = {hit.cue.value for hit in governing(book, place) if hit.start >= scope.begin}
    scope.closed = "closes" in values
    return scope.closed or "blocks" in values


def _choose(scope: Scope, part: Quantity) -> int | None:
    """The nearest total of the part's measure that is large enough; None if there is none."""
    for total in scope.totals:
        if _fits(scope.row.quantities[total], part, scope.bracket):
            if not scope.begun:
                _settle(scope, total)
            return total
    scope.closed = not scope.begun and not scope.bracket
    return None


def _settle(scope: Scope, total: int) -> None:
    """The first part decides where the totals stand: in the clause of its own, or after it."""
    clause = scope.row.places[total].piece.clauses
    scope.totals = [t for t in scope.totals if t >= total or scope.row.places[t].piece.clauses == clause]
    scope.begun = True


def _fits(total: Quantity, part: Quantity, bracket: bool) -> bool:
    if total.measure != part.measure or part.measure == "percent":
        return False
    if part.measure == "other" and total.unit != part.unit and not bracket:
        return False
    return total.value is None or part.value is None or part.value <= total.value * TOLERANCE
