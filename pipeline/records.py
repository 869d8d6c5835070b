"""The frozen records that the stages hand on. No behaviour lives here.

Offsets are half-open code-point offsets. `start`/`end` count in the normalised text (`Text.text`);
only fields named `raw_*` count in the decoded raw file.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.spans import OffsetMap


@dataclass(frozen=True, slots=True)
class RawText:
    """The text of a source file: decoded, or extracted from a docx, html, pdf or doc."""

    source: str  # path relative to the raw folder, "/" separated
    text: str  # newlines as they stand in the file
    sha256: str
    size: int  # bytes
    format: str  # txt, md, html, docx, pdf or doc
    encoding: str  # empty where the format fixes it: docx, pdf, doc
    encoding_how: str
    extractor: str = ""  # the program that made a text of the file, and its version; empty for text files


@dataclass(frozen=True, slots=True)
class Repair:
    """One change made to the raw text before reading it."""

    raw_start: int
    raw_end: int
    before: str
    after: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """The repaired, simplified text, with the way back to the raw one."""

    raw: RawText
    text: str
    offsets: OffsetMap
    repairs: tuple[Repair, ...]
    script: str  # hans, hant, mixed


@dataclass(frozen=True, slots=True)
class Report:
    """One report inside a file."""

    start: int
    end: int
    title: str | None = None
    issuer: str | None = None
    place: str | None = None
    adcode: str | None = None  # of `place`: GB/T 2260 (6 digits), or of its township (9); None: unknown or ambiguous
    report_date: str | None = None  # EDTF
    period: str | None = None  # EDTF


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a report under one heading; sections tile their report."""

    report: int  # index into Document.reports
    parent: int | None  # index into Document.sections
    level: int  # 0 to 5
    ordinal: str | None
    heading: str | None
    kind: str
    start: int
    end: int
    body: int  # where the text after the heading begins


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence; sentences tile their section."""

    section: int  # index into Document.sections
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a text consists of."""

    reports: tuple[Report, ...]
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]


class Quantity(NamedTuple):
    """A number that measures or counts something. A tuple: there are tens of thousands in a megabyte of text."""

    start: int
    end: int
    number: float | None  # as written, before scale and unit are converted: 190 in 190万元
    scale: str  # 万 in 190万元, "" where none is written
    unit: str  # as written after the scale, "" where the sentence supplies it
    value: float | None
    low: float | None
    high: float | None
    qualifier: str
    masked: bool
    measure: str
    unit_start: int  # where the unit stands in the text (== unit_end where it is not written)
    unit_end: int
    rule: str  # id of the unit rule, or of the rule that supplied the unit


class Numeral(NamedTuple):
    """Any numeral, and what became of it. A tuple, like Quantity."""

    start: int
    end: int
    fate: str  # "observation", or the reason why it is none
    rule: str  # id of the rule that decided the fate
    quantity: Quantity | None = None


class Context(NamedTuple):
    """A quantity where it stands: all that an attribute or a topic may look at."""

    text: str  # the whole normalised text
    row: tuple[Quantity, ...]  # the quantities of the sentence, in order
    nth: int  # which of them is meant
    sentence: Sentence
    section: Section
    headings: tuple[str, ...]  # headings above the sentence, nearest first
    report: Report

    @property
    def quantity(self) -> Quantity:
        """The quantity that is looked at."""
        return self.row[self.nth]

    @property
    def edges(self) -> tuple[int, int]:
        """Where the quantity before ends and the one after begins; where there is none, the ends of the sentence."""
        row, i = self.row, self.nth
        left = row[i - 1].end if i else self.sentence.start
        return left, row[i + 1].start if i + 1 < len(row) else self.sentence.end


class Finding(NamedTuple):
    """A value that a stage decided, and the id of the rule that decided it. A tuple: each number has four."""

    value: str
    rule: str


class Located(NamedTuple):
    """A place as the text names it, and its code (Report.adcode)."""

    name: str | None
    adcode: str | None


class Topic(NamedTuple):
    """What a quantity counts."""

    topic: str
    subject: str
    decided_by: str
    confidence: float
    votes: tuple[tuple[str, str, str], ...] = ()  # (feature, topic, rule id), if asked for


class Observation(NamedTuple):
    """One row of the `observations` table, before ids and dates are written out."""

    quantity: Quantity
    sentence: Sentence
    topic: Topic
    basis: Finding
    status: Finding
    role: Finding
    period: Finding
    place: str | None
    adcode: str | None  # of `place`, as in Report
    part_of: int | None  # index into the file's observations


@dataclass(frozen=True, slots=True)
class Check:
    """Arithmetic that a report's own numbers should satisfy."""

    kind: str
    left: float
    right: float
    holds: bool
    observations: tuple[int, ...]  # indexes into the file's observations


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read out of one file."""

    text: Text
    document: Document
    numerals: tuple[Numeral, ...]
    observations: tuple[Observation, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read."""

    source: str
    sha256: str
    size: int
    status: str
    error: str


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of a period."""

    first: dt.date
    last: dt.date
