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

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import regex

from pipeline.attributes.finder import OUTSIDE, Hit, hits_in, strongest_first
from pipeline.clauses import Layout, Piece, lay_out
from pipeline.records import Context, Finding, Located
from pipeline.rules import CueRule, RuleSet

REACH = 600  # code points: how far back a cue is looked for, so that a text without full stops stays linear
DEFAULT = "default"  # the rule named where no cue spoke
FEW = 8  # cues of a sentence that are not worth a search for the first within REACH
START = attrgetter("start")


@dataclass(frozen=True, eq=False)
class Book:
    """What is known of the cues of one file beside where they stand, compiled; the strongest first."""

    rules: RuleSet
    file: str
    unless: Mapping[str, regex.Pattern[str]]
    outside: tuple[tuple[CueRule, regex.Pattern[str]], ...]
    filler: regex.Pattern[str]


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """A sentence, with what is the same for all of its quantities; offsets count from its start, `zero` in `text`."""

    text: str
    zero: int
    sentence: str
    layout: Layout
    # Filled as they are asked for: the cues of a book, those that may speak of a place, and the place they speak of.
    heard: dict[Book, tuple[Heard, ...]] = field(default_factory=dict)
    voices: dict[Book, tuple[Heard, ...]] = field(default_factory=dict)
    located: dict[tuple[int, int], Located] = field(default_factory=dict)


class Place(NamedTuple):
    """A quantity in its sentence; offsets count from the sentence's start."""

    scene: Scene
    piece: Piece
    start: int
    end: int
    free: int  # where the quantity before it ends
    before: Place | None  # that quantity


class Heard(NamedTuple):
    """A cue in a sentence: the piece in which it stands, how it is judged, and what silences it."""

    start: int
    end: int
    cue: CueRule
    groups: Mapping[str, str | None]
    piece: Piece
    governs: Governs
    unless: regex.Pattern[str] | None


Governs = Callable[[Heard, Place, Book], bool]


@lru_cache(maxsize=32)
def book_of(rules: RuleSet, file: str) -> Book:
    """The cues of rules/<file>.toml, compiled."""
    every = strongest_first(rules, file)
    return Book(
        rules,
        file,
        unless={c.id: rules.compile_text(c.unless) for c in every if c.unless},
        outside=tuple((c, rules.compile(c)) for c in every if c.where in OUTSIDE),
        filler=rules.compile_text("<<filler>>"),
    )


def find_hits(book: Book, text: str, start: int = 0, end: int | None = None) -> Sequence[Hit]:
    """The cues of `book` within `text[start:end]`, in order; their offsets count from the start of `text`."""
    hits, starts = hits_in(book.rules, book.file, text)
    if not start and end is None:
        return hits
    last = len(text) if end is None else end
    return [h for h in hits[bisect_left(starts, start) : bisect_left(starts, last)] if h.end <= last]


def places_of(contexts: Sequence[Context]) -> list[Place]:
    """Where each of the quantities of a text, in order, stands in its sentence."""
    places: list[Place] = []
    for _, row in groupby(contexts, key=lambda c: c.sentence.start):
        first, *others = row
        scene = scene_of(first.text, first.sentence.start, first.sentence.end)
        before: Place | None = None
        for context in (first, *others):
            quantity = context.row[context.nth]
            start, end = quantity.start - scene.zero, quantity.end - scene.zero
            before = Place(scene, scene.layout.at(start), start, end, before.end if before else 0, before)
            places.append(before)
    return places


def scene_of(text: str, start: int, end: int) -> Scene:
    """The sentence `text[start:end]`."""
    sentence = text[start:end]
    return Scene(text, start, sentence, lay_out(sentence))


def governing(book: Book, place: Place, among: Sequence[Heard] | None = None) -> list[Heard]:
    """The cues that govern the quantity at `place`, in the order of the text; `among`: some of the sentence's."""
    return [
        h for h in _near(book, place, among)
        if h.governs(h, place, book) and not (h.unless and _silenced(h.unless, h.piece, place))
    ]  # fmt: skip


def _near(book: Book, place: Place, among: Sequence[Heard] | None = None) -> Sequence[Heard]:
    """The cues of the sentence that are not too far from the quantity."""
    every = heard_in(book, place.scene)
    heard: Sequence[Heard] = every if among is None else among
    if not heard:
        return heard
    many = len(every) > FEW
    if heard[-1].start > place.end + REACH:
        heard = heard[: bisect_right(heard, place.end + REACH, key=START)]
    return heard[bisect_left(heard, place.start - REACH, key=START) :] if many else heard


def heard_in(book: Book, scene: Scene) -> tuple[Heard, ...]:
    """The cues of `book` in a sentence, with all of them that no number changes."""
    known = scene.heard.get(book)
    if known is None:
        zero, at, unless = scene.zero, scene.layout.at, book.unless
        hits = find_hits(book, scene.text, zero, zero + len(scene.sentence))
        known = scene.heard[book] = tuple([
            Heard(start - zero, end - zero, cue, groups, at(start - zero), GOVERNS[cue.where], unless.get(cue.id))
            for start, end, cue, groups in hits
        ])  # fmt: skip
    return known


def decide(
    context: Context,
    place: Place,
    rules: RuleSet,
    file: str,
    default: str,
    admits: Callable[[Heard], bool] | None = None,
) -> Finding:
    """The value of the strongest governing cue that `admits` lets through; equal priority: the later in the text."""
    book = book_of(rules, file)
    best, rank = _by_section(book, context.section.kind, default)
    for hit in _near(book, place):
        own = hit.cue.priority, hit.start
        if own <= rank or not hit.governs(hit, place, book):
            continue
        if not (hit.unless and _silenced(hit.unless, hit.piece, place)) and (not admits or admits(hit)):
            best, rank = Finding(hit.cue.value, hit.cue.id), own
    return best


@lru_cache(maxsize=256)
def _by_section(book: Book, kind: str, default: str) -> tuple[Finding, tuple[int, int]]:
    """What the kind of the section says, and its rank: a priority, and no place in the text."""
    best, rank = Finding(default, DEFAULT), (-1000, -1)
    for cue, pattern in book.outside:
        if cue.priority > rank[0] and cue.where == "section" and pattern.fullmatch(kind):
            best, rank = Finding(cue.value, cue.id), (cue.priority, -1)
    return best, rank


def _silenced(unless: regex.Pattern[str], piece: Piece, place: Place) -> bool:
    """Whether the `unless` of a cue in `piece` matches between its clause's start and the end of the number's piece."""
    sentence = place.scene.sentence
    start = min(piece.clause_start, place.piece.clause_start)
    stop = place.scene.layout.next_mark(place.end - 1, len(sentence))
    return unless.search(sentence, max(start, place.start - REACH), max(stop, place.end)) is not None


def _before(hit: Heard, place: Place, book: Book) -> bool:
    return hit.end <= place.start and book.filler.fullmatch(place.scene.sentence, hit.end, place.start) is not None


def _after(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start == place.end


def _inside(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start < place.end and hit.end > place.start


def _next(hit: Heard, place: Place, book: Book) -> bool:
    return place.free <= hit.start and hit.end <= place.start


def _item(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start < place.start and hit.piece.items[0] in place.piece.items


def _clause(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start < place.start and hit.piece.clauses[0] in place.piece.clauses


def _around(hit: Heard, place: Place, book: Book) -> bool:
    return hit.piece.clauses[0] in place.piece.clauses


def _stretch(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start < place.start and hit.piece.stretches[0] in place.piece.stretches


def _sentence(hit: Heard, place: Place, book: Book) -> bool:
    return hit.start < place.start and hit.piece.frames[0] in place.piece.frames


def _never(hit: Heard, place: Place, book: Book) -> bool:
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
