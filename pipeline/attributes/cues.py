"""Finds the cues of one rules file in a sentence, and which of them govern a number.

`where` says how a cue must stand to the number:
before    ends at the number (words of the macro `filler`, such as 了 or 约, may stand between)
after     begins where the number ends
inside    overlaps the number, its qualifier or its unit
next      before it in its sentence, and no other number between
item      before it, since the last 、
clause    before it, since the last comma
around    before or after it in its clause
stretch   before it, since the last semicolon
sentence  before it, anywhere in the sentence
section   matches the section's kind
name      stands at a name of a place; read by names.py alone
Cues inside a bracket govern nothing outside; cues outside govern inside it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import regex

from pipeline.clauses import Layout, Piece, lay_out
from pipeline.records import Context, Finding
from pipeline.rules import CueRule, RuleSet

REACH = 600  # code points: how far back a cue is looked for, so that a text without full stops stays linear
DEFAULT = "default"  # the rule named where no cue spoke
OUTSIDE = frozenset({"section", "heading", "report", "name"})  # cues that are not looked for in sentences
TOUCHING = frozenset({"after", "inside"})
NOTHING: Mapping[str, str | None] = MappingProxyType({})
FEW = 8  # cues of a sentence that are not worth a search for the first within REACH


class Hit(NamedTuple):
    """A cue found in a sentence; `groups` are the named groups of its pattern."""

    start: int
    end: int
    cue: CueRule
    groups: Mapping[str, str | None]


@dataclass(frozen=True, eq=False)
class Book:
    """The cues of one file, compiled, the strongest first."""

    cues: tuple[tuple[CueRule, regex.Pattern[str]], ...]
    unless: dict[str, regex.Pattern[str]]
    outside: tuple[tuple[CueRule, regex.Pattern[str]], ...]
    filler: regex.Pattern[str]


class Place(NamedTuple):
    """A quantity in its sentence; offsets count from the sentence's start, which is `zero` in `text`."""

    text: str
    zero: int
    sentence: str
    layout: Layout
    piece: Piece
    start: int
    end: int
    free: int  # where the quantity before it ends


Governs = Callable[[Hit, Piece, Place, Book], bool]


class Heard(NamedTuple):
    """A cue in a sentence, the piece in which it stands, how it is judged, and what silences it."""

    hit: Hit
    piece: Piece
    governs: Governs
    unless: regex.Pattern[str] | None


@lru_cache(maxsize=32)
def book_of(rules: RuleSet, file: str) -> Book:
    """The cues of rules/<file>.toml, compiled."""
    every = sorted(rules.cues[file], key=lambda cue: -cue.priority)
    return Book(
        cues=tuple((c, rules.compile(c)) for c in every if c.where not in OUTSIDE),
        unless={c.id: rules.compile_text(c.unless) for c in every if c.unless},
        outside=tuple((c, rules.compile(c)) for c in every if c.where in OUTSIDE),
        filler=rules.compile_text("<<filler>>"),
    )


@lru_cache(maxsize=64)
def _hits_in(book: Book, text: str) -> tuple[tuple[Hit, ...], tuple[int, ...]]:
    """Every cue of `book` in `text`, in order, and where each begins.

    Cues may overlap, but of those that stand to a number in a like way (TOUCHING or not) only the strongest begins at
    each place. One pass for each cue over the whole text is twenty times faster than one pass for all: the engine
    then knows what a match must begin with.
    """
    found: dict[tuple[int, bool], Hit] = {}
    for cue, pattern in book.cues:
        touching, named = cue.where in TOUCHING, bool(pattern.groupindex)
        for match in pattern.finditer(text, overlapped=True):
            start, end = match.span()
            if (start, touching) not in found:
                found[start, touching] = Hit(start, end, cue, match.groupdict() if named else NOTHING)
    hits = tuple(sorted(found.values(), key=_start))
    return hits, tuple(h.start for h in hits)


@lru_cache(maxsize=1024)
def find_hits(book: Book, text: str, start: int = 0, end: int | None = None) -> tuple[Hit, ...]:
    """The cues of `book` within `text[start:end]`, in order; their offsets count from `start`."""
    hits, starts = _hits_in(book, text)
    last = len(text) if end is None else end
    inside = hits[bisect_left(starts, start) : bisect_left(starts, last)]
    return tuple(Hit(h[0] - start, h[1] - start, h[2], h[3]) for h in inside if h[1] <= last)


def place_in_sentence(context: Context, index: int | None = None) -> Place:
    """Where the quantity (or the `index`-th of its row) stands in its sentence."""
    at = context.index if index is None else index
    quantity, sentence = context.row[at], context.sentence
    free = context.row[at - 1].end if at else sentence.start
    return _place(context.text, sentence.start, sentence.end, quantity.start, quantity.end, free)


@lru_cache(maxsize=64)  # each attribute asks for the same few in turn
def _place(text: str, zero: int, stop: int, start: int, end: int, free: int) -> Place:
    sentence = text[zero:stop]
    layout = lay_out(sentence)
    return Place(text, zero, sentence, layout, layout.at(start - zero), start - zero, end - zero, free - zero)


def governing(book: Book, place: Place) -> Iterator[Hit]:
    """The cues that govern the quantity at `place`, in the order of the text."""
    heard = _heard(book, place.text, place.zero, place.zero + len(place.sentence))
    if len(heard) > FEW:
        heard = heard[bisect_left(heard, place.start - REACH, key=_start_of_heard) :]
    last = place.end + REACH
    for hit, piece, governs, unless in heard:
        if hit.start > last:
            return
        if governs(hit, piece, place, book) and not (unless and _silenced(piece, place, unless)):
            yield hit


@lru_cache(maxsize=256)  # each number of a sentence asks for the cues of the same few books
def _heard(book: Book, text: str, start: int, end: int) -> tuple[Heard, ...]:
    """The cues of `book` in the sentence `text[start:end]`, with all of them that no number changes."""
    hits = find_hits(book, text, start, end)
    layout = lay_out(text[start:end])
    return tuple(Heard(h, layout.at(h.start), GOVERNS[h.cue.where], book.unless.get(h.cue.id)) for h in hits)


def decide(
    context: Context,
    rules: RuleSet,
    file: str,
    default: str,
    admits: Callable[[Hit], bool],
    *,
    index: int | None = None,
) -> Finding:
    """The value of the strongest governing cue that `admits` lets through; equal priority: the later in the text.

    `index` asks for another quantity of the context's row.
    """
    book = book_of(rules, file)
    best, rank = _by_section(book, context.section.kind, default)
    for hit in governing(book, place_in_sentence(context, index)):
        if (hit.cue.priority, hit.start) > rank and admits(hit):
            best, rank = Finding(hit.cue.value, hit.cue.id), (hit.cue.priority, hit.start)
    return best


@lru_cache(maxsize=256)
def _by_section(book: Book, kind: str, default: str) -> tuple[Finding, tuple[int, int]]:
    """What the kind of the section says, and its rank: a priority, and no place in the text."""
    best, rank = Finding(default, DEFAULT), (-1000, -1)
    for cue, pattern in book.outside:
        if cue.priority > rank[0] and cue.where == "section" and pattern.fullmatch(kind):
            best, rank = Finding(cue.value, cue.id), (cue.priority, -1)
    return best, rank


def every(hit: Hit) -> bool:
    """Lets every cue through."""
    return True


def _start(hit: Hit) -> int:
    return hit.start


def _start_of_heard(heard: Heard) -> int:
    return heard.hit.start


def _silenced(piece: Piece, place: Place, unless: regex.Pattern[str]) -> bool:
    """Whether the `unless` of a cue in `piece` matches between its clause's start and the end of the number's piece."""
    start = min(piece.clause_start, place.piece.clause_start)
    stop = place.layout.next_mark(place.end - 1, len(place.sentence))
    return unless.search(place.sentence, max(start, place.start - REACH), max(stop, place.end)) is not None


def _before(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.end <= place.start and book.filler.fullmatch(place.sentence, hit.end, place.start) is not None


def _after(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start == place.end


def _inside(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start < place.end and hit.end > place.start


def _next(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return place.free <= hit.start and hit.end <= place.start


def _item(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start < place.start and piece.items[0] in place.piece.items


def _clause(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start < place.start and piece.clauses[0] in place.piece.clauses


def _around(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return piece.clauses[0] in place.piece.clauses


def _stretch(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start < place.start and piece.stretches[0] in place.piece.stretches


def _sentence(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return hit.start < place.start and piece.frames[0] in place.piece.frames


def _never(hit: Hit, piece: Piece, place: Place, book: Book) -> bool:
    return False


GOVERNS: dict[str, Governs] = {
    "": _never,  # cues that the stage looks for itself
    "before": _before,
    "after": _after,
    "inside": _inside,
    "next": _next,
    "item": _item,
    "clause": _clause,
    "around": _around,
    "stretch": _stretch,
    "sentence": _sentence,
}
