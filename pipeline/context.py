"""Puts each quantity where it stands: its sentence, its section, the headings above it, its report."""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby

from pipeline.records import Context, Document, Numeral, Quantity


def place_quantities(text: str, document: Document, numerals: tuple[Numeral, ...]) -> tuple[Context, ...]:
    """The quantities among `numerals` with what surrounds them, in the order of the text."""
    quantities = [n.quantity for n in numerals if n.quantity]
    starts = [s.start for s in document.sentences]

    def sentence_of(quantity: Quantity) -> int:
        return max(0, bisect_right(starts, quantity.start) - 1)

    contexts: list[Context] = []
    for number, group in groupby(quantities, key=sentence_of):
        row = tuple(group)
        sentence = document.sentences[number]
        section = document.sections[sentence.section]
        headings = headings_above(document, sentence.section)
        report = document.reports[section.report]
        contexts += [Context(text, row, i, sentence, section, headings, report) for i in range(len(row))]
    return tuple(contexts)


def headings_above(document: Document, section: int | None) -> tuple[str, ...]:
    """The headings of a section and of those above it, nearest first."""
    headings: list[str] = []
    while section is not None:
        heading = document.sections[section].heading
        if heading:
            headings.append(heading)
        section = document.sections[section].parent
    return tuple(headings)
