"""Basis: whether a number is a total, or per person, household, mu, year, month or something else."""

from __future__ import annotations

from pipeline.attributes.cues import DEFAULT, Book, Place, book_of, governing, heard_in
from pipeline.records import Context, Finding, Quantity
from pipeline.rules import RuleSet

TOTAL = Finding("total", DEFAULT)
MAX_CHAIN = 12  # numbers of one list that are looked back over for the cue they share
MAX_GAP = 16  # code points between two numbers of one list: 全自理80元、半护理268元


def basis_of(context: Context, place: Place, rules: RuleSet) -> Finding:
    """total, per_capita, per_household, per_mu, per_year, per_month or per_other; total where nothing speaks.

    A cue governs the number it comes to first, and the numbers that continue it: a pair (每户3人2亩), a list
    (小学每生1000元、初中1250元), a clause that opens with a `same` cue (人均收入9870元,较上年增加1120元).
    Percentages are totals: the growth of a per-capita figure is no per-capita figure.
    """
    row, index, book = context.row, context.nth, book_of(rules, "basis")
    if row[index].measure == "percent" or not heard_in(book, place.scene):
        return TOTAL
    for _ in range(MAX_CHAIN):
        found, same = _own(book, place)
        if found is not None:
            return found
        if place.before is None or not _continues(row[index - 1], row[index], place, same, rules):
            break
        place, index = place.before, index - 1
    return TOTAL


def _own(book: Book, place: Place) -> tuple[Finding | None, bool]:
    """What the cues between the number before and this one say, and whether one says: the same as before."""
    best: Finding | None = None
    rank, same = (-1000, -1), False
    for hit in governing(book, place):
        if hit.cue.value == "same":
            same = same or hit.start >= place.piece.clause_start
        elif (hit.end > place.free or hit.cue.where == "clause") and (hit.cue.priority, hit.start) > rank:
            best, rank = Finding(hit.cue.value, hit.cue.id), (hit.cue.priority, hit.start)
    return best, same


def _continues(earlier: Quantity, own: Quantity, place: Place, same: bool, rules: RuleSet) -> bool:
    """Whether a quantity shares the basis of the one before it."""
    gap = place.start - place.free
    if rules.compile_text("<<pair>>").fullmatch(place.scene.sentence, place.free, place.start):
        return True
    alike = earlier.measure == own.measure
    if same:
        return alike or earlier.measure == "percent"
    before = place.before
    return alike and gap <= MAX_GAP and before is not None and before.piece.clauses[0] == place.piece.clauses[0]
