"""Readings -> the Arrow tables of schema.py, column by column."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipeline import schema
from pipeline.edtf import days
from pipeline.records import Check, Failure, Observation, Reading, Report
from pipeline.rules import RuleSet
from pipeline.twins import signature_of

Row = tuple[object, ...]
NEVER = 2**62  # an offset behind every text


@dataclass(frozen=True)
class Ids:
    """The stable ids of one file: they hang on its bytes and on offsets, so that a moved file keeps them.

    `salt` tells byte-identical copies apart; it is empty for the first of them.
    """

    sha256: str
    salt: str = ""

    def make(self, kind: str, *parts: object) -> str:
        """The id of the `kind` of thing that `parts` (offsets, names) identify in the file."""
        key = "\0".join((self.sha256, self.salt, kind, *map(str, parts)))
        return hashlib.sha256(key.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Named:
    """A reading with the ids of its parts, and its offsets in the raw file."""

    reading: Reading
    ids: Ids
    reports: tuple[str, ...]
    sections: tuple[str, ...]
    observations: tuple[str, ...]

    @property
    def source(self) -> str:
        """The file's name in the tables."""
        return self.reading.text.raw.source

    def raw(self, start: int, end: int) -> tuple[int, int, str]:
        """The raw offsets of a stretch of the repaired text, and the raw text between them."""
        first, last = self.reading.text.offsets.span(start, end)
        return first, last, self.reading.text.raw.text[first:last]

    def bounds(self, start: int, end: int) -> tuple[int, int]:
        """The raw offsets of a report or section: where it ends, the next begins, so that they tile the raw text too.

        What a repair removed between two of them (the stars of **一、**) goes to the one behind.
        """
        text = self.reading.text
        first, last = (text.offsets.span(at - 1, at)[1] if at else 0 for at in (start, end))
        return first, len(text.raw.text) if end >= len(text.text) else last


def tables_of(
    readings: Sequence[Reading | Failure],
    rules: RuleSet,
    *,
    fingerprint: str,
    ingested_at: dt.datetime,
    salts: Mapping[str, str] | None = None,
) -> dict[str, pa.Table]:
    """The tables of some files, in the order of the files and of their texts.

    `salts`: source -> salt of its ids, for byte-identical copies (Ids).
    """
    named = [name_parts(r, (salts or {}).get(r.text.raw.source, "")) for r in readings if isinstance(r, Reading)]
    rows: dict[str, Iterable[Row]] = {
        "observations": (row for n in named for row in _observations(n)),
        "sections": (row for n in named for row in _sections(n)),
        "reports": (row for n in named for row in _reports(n)),
        "sources": (_source(r, fingerprint, ingested_at) for r in readings),
        "numerals": (row for n in named for row in _numerals(n)),
        "checks": (_check(n, c, rules) for n in named for c in n.reading.checks),
        "repairs": (row for n in named for row in _repairs(n)),
    }
    return {table.name: _build(table, rows[table.name]) for table in schema.TABLES}


def _build(table: schema.TableSpec, rows: Iterable[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    arrow = table.schema()
    arrays = [pa.array(values, type=f.type) for values, f in zip(columns, arrow, strict=True)]
    return pa.Table.from_arrays(arrays, schema=arrow)


def name_parts(reading: Reading, salt: str) -> Named:
    """`reading` with the ids of its reports, sections and observations."""
    ids, span = Ids(reading.text.raw.sha256, salt), reading.text.offsets.span
    document = reading.document
    return Named(
        reading,
        ids,
        tuple(ids.make("report", *span(r.start, r.end)) for r in document.reports),
        tuple(ids.make("section", i, *span(s.start, s.end)) for i, s in enumerate(document.sections)),
        tuple(ids.make("observation", *span(o.quantity.start, o.quantity.end)) for o in reading.observations),
    )


def _period(period: str | None) -> Row:
    known = days(period)
    return (period or None, known.first, known.last) if known else (period or None, None, None)


def _observations(named: Named) -> Iterable[Row]:
    text, document = named.reading.text.text, named.reading.document
    for i, o in enumerate(named.reading.observations):
        q, sentence = o.quantity, o.sentence
        section = document.sections[sentence.section]
        yield (
            named.observations[i], named.reports[section.report], named.sections[sentence.section], named.source,
            *named.raw(q.start, q.end), text[q.start : q.end], text[sentence.start : sentence.end].strip(),
            f"{o.topic.topic}.{q.measure}", o.topic.topic, q.measure, o.topic.subject,
            q.value, q.low, q.high, q.number, q.scale + q.unit, q.qualifier, q.masked,
            o.basis.value, o.status.value, o.role.value, *_period(o.period.value), o.place, o.adcode,
            None if o.part_of is None else named.observations[o.part_of], o.topic.decided_by, o.topic.confidence,
        )  # fmt: skip


def _sections(named: Named) -> Iterable[Row]:
    for i, s in enumerate(named.reading.document.sections):
        yield (
            named.sections[i], named.reports[s.report], named.source,
            None if s.parent is None else named.sections[s.parent], s.level, s.ordinal, s.heading, s.kind,
            *named.bounds(s.start, s.end), s.end - s.start,
        )  # fmt: skip


def _within(report: Report, observations: Sequence[Observation]) -> list[Observation]:
    return [o for o in observations if report.start <= o.quantity.start < report.end]


def _reports(named: Named) -> Iterable[Row]:
    reading = named.reading
    for i, r in enumerate(reading.document.reports):
        start, end = named.bounds(r.start, r.end)
        mine = _within(r, reading.observations)
        repairs = Counter(p.kind for p in reading.text.repairs if start <= p.raw_start < end)
        yield (
            named.reports[i], named.source, start, end, r.title, r.issuer, r.place, r.adcode, r.report_date,
            *_period(r.period), reading.text.script, end - start,
            sum(o.quantity.masked for o in mine) / len(mine) if mine else None, len(mine),
            sorted(repairs.items()), None, None, signature_of(reading.text.text[r.start : r.end]),
        )  # fmt: skip


def _source(reading: Reading | Failure, fingerprint: str, ingested_at: dt.datetime) -> Row:
    if isinstance(reading, Failure):
        return (reading.source, reading.sha256, reading.size, None, None, None, None, reading.status, reading.error,
                0, 0, ingested_at, fingerprint)  # fmt: skip
    raw = reading.text.raw
    return (raw.source, raw.sha256, raw.size, raw.format, raw.encoding or None, raw.encoding_how or None,
            raw.extractor or None, "ok", None, len(reading.document.reports), len(reading.observations), ingested_at,
            fingerprint)  # fmt: skip


def _numerals(named: Named) -> Iterable[Row]:
    reports = iter(enumerate(named.reading.document.reports))
    i, report = next(reports)
    number = 0
    for numeral in named.reading.numerals:
        while numeral.start >= report.end:
            i, report = next(reports, (i, Report(report.start, NEVER)))
        observation = None
        if numeral.quantity is not None:
            observation, number = named.observations[number], number + 1
        yield named.reports[i], named.source, *named.raw(numeral.start, numeral.end), numeral.fate, observation


def _repairs(named: Named) -> Iterable[Row]:
    for r in named.reading.text.repairs:
        yield named.source, r.raw_start, r.raw_end, r.before, r.after, r.kind


def _check(named: Named, check: Check, rules: RuleSet) -> Row:
    reading = named.reading
    section = reading.observations[check.observations[0]].sentence.section
    ids = [named.observations[i] for i in check.observations]
    return (
        named.ids.make("check", check.kind, *ids), named.reports[reading.document.sections[section].report], check.kind,
        check.left, check.right, check.left - check.right, "holds" if check.holds else "violated", ids,
        sentence_of(reading, check, rules),
    )  # fmt: skip


def sentence_of(reading: Reading, check: Check, rules: RuleSet) -> str:
    """The Chinese sentence that says what a check found, with both numbers, in the unit that the first is written in.

    The rule's `message` or `agrees` may name {first} (the first number as written), {rest} (the others, joined by +),
    {texts} (all of them), {left}, {right}, {difference} and {unit}.
    """
    quantities = [reading.observations[i].quantity for i in check.observations]
    texts = [" ".join(reading.text.text[q.start : q.end].split()) for q in quantities]
    first = quantities[0]
    factor = first.value / first.number if first.value and first.number else 1.0
    words = rules.checks[check.kind]
    return (words.agrees if check.holds else words.message).format(
        first=texts[0], rest="+".join(texts[1:]), texts="、".join(texts), unit=first.scale + first.unit,
        left=_figure(check.left / factor), right=_figure(check.right / factor),
        difference=_figure(abs(check.left - check.right) / factor),
    )  # fmt: skip


def _figure(number: float) -> str:
    """A number for a sentence: 2,386.5; no float noise, no exponent."""
    return f"{round(number, 4):,.4f}".rstrip("0").rstrip(".")
