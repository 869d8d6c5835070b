"""The numbers of one sentence that can be compared, and how far rounding lets them stray."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.clauses import Layout, Piece, lay_out
from pipeline.records import Observation, Quantity

MAX_DIGITS = 12  # longer numbers are damage, and have too many one-digit neighbours


class Entry(NamedTuple):
    """A number that is exact, unmasked and has a value, where it stands in its sentence. A tuple, like Quantity."""

    nth: int  # among the file's observations
    observation: Observation
    quantity: Quantity
    piece: Piece
    start: int  # offsets in the sentence
    end: int
    value: float
    # What follows is asked for many times, so it is worked out once.
    kind: str  # what may be added: numbers of one measure, and of one unit where the measure is `other`
    plain: bool  # whether it is a level of a whole: not per head, not a rise
    factor: float  # canonical units in one unit as written: 10,000 for 万元
    step: float  # one unit of the last digit written, in canonical units: 100 for 4.86万人
    slack: float  # by how much rounding may have moved it: nothing for a plain count, one step where it was scaled


class Line(NamedTuple):
    """A sentence with its comparable numbers."""

    text: str
    entries: tuple[Entry, ...]
    blurred: tuple[Entry, ...]  # the masked, bounded and rounded numbers, which are never compared
    layout: Layout

    def between(self, left: Entry, right: Entry) -> str:
        """The text between two numbers."""
        return self.text[left.end : right.start]


def lines_of(text: str, observations: Sequence[Observation]) -> Iterator[Line]:
    """The sentences that hold comparable numbers."""
    indexed = enumerate(observations)
    for (start, end), group in groupby(indexed, key=lambda io: (io[1].sentence.start, io[1].sentence.end)):
        sentence = text[start:end]
        layout = lay_out(sentence)
        sharp: list[Entry] = []
        blurred: list[Entry] = []
        for i, o in group:
            (sharp if comparable(o.quantity) else blurred).append(_entry(i, o, start, layout))
        if sharp:
            yield Line(sentence, tuple(sharp), tuple(blurred), layout)


def comparable(quantity: Quantity) -> bool:
    """Whether the number is stated exactly."""
    return quantity.value is not None and not quantity.masked and quantity.qualifier == "exact"


def _entry(index: int, observation: Observation, zero: int, layout: Layout) -> Entry:
    q = observation.quantity
    start, value, number = q.start - zero, q.value or 0.0, q.number or 0.0
    kind = q.unit if q.measure == "other" else "persons" if q.measure == "person_times" else q.measure
    plain = observation.basis.value == "total" and observation.role.value == "level"
    factor = value / number if number else 1.0
    step = step_of(number) * factor
    slack = step if step != 1.0 or factor != 1.0 else 0.0
    return Entry(index, observation, q, layout.at(start), start, q.end - zero, value, kind, plain, factor, step, slack)


def step_of(number: float) -> float:
    """One unit of the last digit of `number`: 0.01 for 4.86, 1 for 4860."""
    if number % 1 == 0:
        return 1.0
    digits = f"{number:.6f}".rstrip("0")
    return 10.0 ** -len(digits.partition(".")[2])


def slips_of(entry: Entry) -> Iterator[float]:
    """The values that the number would have if one of its digits, or its unit, had been miswritten."""
    number = entry.quantity.number or 0.0
    step = step_of(number)
    digits = str(round(number / step))
    if len(digits) > MAX_DIGITS:
        return
    for place, digit in enumerate(reversed(digits)):
        for other in range(10):
            if other != int(digit):
                yield entry.value + (other - int(digit)) * 10.0**place * step * entry.factor
    yield from (entry.value * f for f in UNIT_SLIPS)


# A unit dropped or added: 万, 亿, 公顷 for 亩, 公里 for 米, and a zero too many.
UNIT_SLIPS = (1e4, 1e-4, 1e8, 1e-8, 15.0, 1 / 15, 1e3, 1e-3, 10.0, 0.1)
