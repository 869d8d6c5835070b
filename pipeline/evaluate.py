"""Gold against found: precision, recall and F1 of quantity, indicator and record, accuracy of every attribute.

quantity: the same number (spans overlap by at least half, same measure and value); indicator: and the same topic;
record: and the same basis, status, role and period. core: households, persons, yuan, mu. The gold names no place and
no code of one, so these are not scored here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from pipeline.gold import GoldFile, Row, found_rows, match
from pipeline.schema import TOPICS
from pipeline.summary import CORE

LEVELS = ("quantity", "indicator", "record")
OF_RECORD = ("basis", "status", "role", "period")
ATTRIBUTES = (*OF_RECORD, "qualifier", "part_of", "subject")
EQUAL = ("measure", "topic", "basis", "status", "role", "qualifier", "subject")  # right where the words are the same
# Codes of halves and quarters that other writers of EDTF use, in those of ISO 8601-2.
ALIASES = (("-H1", "-40"), ("-H2", "-41"), ("-Q1", "-33"), ("-Q2", "-34"), ("-Q3", "-35"), ("-Q4", "-36"))


@dataclass(frozen=True, slots=True)
class F1:
    """Hits among so many found and so many in the gold."""

    hits: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold that was found."""
        return self.hits / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / (self.found + self.gold) if self.found + self.gold else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A gold row and the row that was found for it, with the names of all that is right about it."""

    gold: Row
    found: Row | None
    right: frozenset[str]  # of LEVELS, ATTRIBUTES, "measure", "value", "topic" and "span", each judged for itself


@dataclass(frozen=True)
class FileScore:
    """The judgements on one gold file."""

    judged: tuple[Judged, ...]
    spurious: tuple[Row, ...]
    found: tuple[Row, ...]
    sections: F1
    kinds: F1
    reports: F1


@dataclass(frozen=True)
class Confusion:
    """What was taken for what, how often, and one sentence in which it happened."""

    attribute: str
    gold: str
    found: str
    count: int
    example: str


def evaluate(tables: Mapping[str, pa.Table], gold: Sequence[GoldFile]) -> dict[str, FileScore]:
    """The score of each gold file by its name; `tables` holds observations, sections and reports."""
    observations, sections, reports = (tables[n].to_pandas() for n in ("observations", "sections", "reports"))
    return {g.name: _judge_file(g, *(_of(g, t) for t in (observations, sections, reports))) for g in gold}


def _of(gold: GoldFile, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one gold file within its annotated stretch."""
    inside = (table["raw_start"] >= gold.begin) & (table["raw_start"] < gold.end)
    return table[inside & (table["source"] == gold.path.name)]


def _judge_file(gold: GoldFile, observations: pd.DataFrame, sections: pd.DataFrame, reports: pd.DataFrame) -> FileScore:
    rows = found_rows(observations)
    matched = match([(r.start, r.end) for r in gold.rows], [(r.start, r.end) for r in rows])
    ids = {g.id: rows[i].id for g, i in zip(gold.rows, matched, strict=True) if i is not None}
    judged = tuple(
        Judged(g, None if i is None else rows[i], _right(g, rows[i], ids) if i is not None else frozenset())
        for g, i in zip(gold.rows, matched, strict=True)
    )
    used = {i for i in matched if i is not None}
    spurious = tuple(r for i, r in enumerate(rows) if i not in used)
    headings, kinds = _judge_sections(gold, sections)
    starts = set(reports["raw_start"])
    return FileScore(
        judged,
        spurious,
        tuple(rows),
        headings,
        kinds,
        F1(len(starts & set(gold.reports)), len(starts), len(gold.reports)),
    )


def _judge_sections(gold: GoldFile, sections: pd.DataFrame) -> tuple[F1, F1]:
    """Headings by start and level, and the kinds of those found. A heading may start at its line or at its text."""
    wanted = {(h.start, h.level): h.kind for h in gold.headings if h.level > 0}
    at_line = {(h.line_start, h.level): (h.start, h.level) for h in gold.headings}
    found = {
        here if (here := (start, level)) in wanted else at_line.get(here, here): kind
        for start, level, kind in zip(sections["raw_start"], sections["level"], sections["kind"], strict=True)
        if level > 0
    }
    hits = wanted.keys() & found.keys()
    kinds = sum(wanted[h] == found[h] for h in hits)
    return F1(len(hits), len(found), len(wanted)), F1(kinds, len(hits), len(hits))


def _right(gold: Row, found: Row, ids: Mapping[str, str]) -> frozenset[str]:
    right = {name for name in EQUAL if getattr(gold, name) == getattr(found, name)}
    alike = {
        "value": _same_value(gold, found),
        "period": _period(gold.period) == _period(found.period),
        "part_of": ids.get(gold.part_of, "") == found.part_of,
        "span": (gold.start, gold.end) == (found.start, found.end),
    }
    right.update(name for name, same in alike.items() if same)
    # Each level needs what makes it one, and the level before it.
    for name, needed in zip(
        LEVELS, (("measure", "value"), ("quantity", "topic"), ("indicator", *OF_RECORD)), strict=True
    ):
        if right.issuperset(needed):
            right.add(name)
    return frozenset(right)


def _same_value(gold: Row, found: Row) -> bool:
    if gold.masked != found.masked:
        return False
    if gold.masked and gold.low is None:
        return found.value is None
    if gold.value is not None:
        return _close(gold.value, found.value)
    return found.value is None and _close(gold.low, found.low) and _close(gold.high, found.high)


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= 1e-6 * max(1.0, abs(b))


def _period(period: str) -> str:
    """The period in one spelling; a masked year counts as empty."""
    for alias, code in ALIASES:
        period = period.replace(alias, code)
    return "" if "X" in period.split("/")[0][:4] else period


def level(scores: Iterable[FileScore], name: str, *, core: bool = False) -> F1:
    """quantity, indicator or record over all files."""
    hits = found = gold = 0
    for score in scores:
        hits += sum(name in j.right and (not core or j.gold.measure in CORE) for j in score.judged)
        gold += sum(not core or j.gold.measure in CORE for j in score.judged)
        found += sum(not core or r.measure in CORE for r in score.found)
    return F1(hits, found, gold)


def structure(scores: Iterable[FileScore], name: str) -> F1:
    """sections, kinds or reports over all files."""
    parts: list[F1] = [getattr(s, name) for s in scores]
    return F1(sum(p.hits for p in parts), sum(p.found for p in parts), sum(p.gold for p in parts))


def attributes(scores: Iterable[FileScore]) -> dict[str, float]:
    """Accuracy of each attribute over the quantities that were found, with the exact span and the recall of part_of.

    "subject overlap" is the mean share of characters that the subject and the gold's have in common.
    """
    quantities = [j for s in scores for j in s.judged if "quantity" in j.right]
    parts = [j for j in quantities if j.gold.part_of]
    accuracy = {a: _share(quantities, a) for a in ("span", *ATTRIBUTES)}
    overlaps = [overlap(j.gold.subject, j.found.subject) for j in quantities if j.found]
    mean = sum(overlaps) / len(overlaps) if overlaps else 0.0
    return {**accuracy, "subject overlap": mean, "part_of recall": _share(parts, "part_of")}


def overlap(a: str, b: str) -> float:
    """The share of their characters that two subjects have in common (Dice): 0.75 for 贫困户 and 建档贫困户."""
    if not a and not b:
        return 1.0
    return 2 * (Counter(a) & Counter(b)).total() / (len(a) + len(b))


def _share(judged: Sequence[Judged], name: str) -> float:
    return sum(name in j.right for j in judged) / len(judged) if judged else 0.0


def by_group(scores: Sequence[FileScore], group: str) -> dict[str, tuple[F1, F1, F1]]:
    """quantity, indicator and record for each measure or topic ("measure" or "topic"), the largest first.

    A found row belongs to the group that it was given, a gold row to its own.
    """
    gold, found = Counter[str](), Counter[str]()
    hits: dict[str, Counter[str]] = defaultdict(Counter)
    for score in scores:
        gold.update(getattr(j.gold, group) for j in score.judged)
        found.update(getattr(r, group) for r in score.found)
        for j in score.judged:
            hits[getattr(j.gold, group)].update(n for n in LEVELS if n in j.right)
    return {
        name: (F1(hits[name]["quantity"], found[name], n), F1(hits[name]["indicator"], found[name], n),
               F1(hits[name]["record"], found[name], n))
        for name, n in gold.most_common()
    }  # fmt: skip


def confusions(scores: Iterable[FileScore], most: int = 20) -> list[Confusion]:
    """The commonest mistakes in topic and attributes, each with a sentence in which it was made."""
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for score in scores:
        for j in score.judged:
            if j.found is None or "quantity" not in j.right:
                continue
            wrong = [a for a in (*OF_RECORD, "topic") if a not in j.right]
            for attribute in wrong:
                key = (attribute, getattr(j.gold, attribute), getattr(j.found, attribute))
                counts[key] += 1
                examples.setdefault(key, around(j.found))
    return [Confusion(*key, n, examples[key]) for key, n in counts.most_common(most)]


def topic_pairs(scores: Iterable[FileScore]) -> Counter[tuple[str, str]]:
    """How often a quantity of one topic (in the gold) was given another or the same: (gold, found) -> times."""
    return Counter((j.gold.topic, j.found.topic) for s in scores for j in s.judged if j.found and "quantity" in j.right)


def topic_matrix(scores: Iterable[FileScore]) -> pd.DataFrame:
    """`topic_pairs` as a square table: a row for each topic of the gold, a column for each that was given."""
    pairs = topic_pairs(scores)
    topics = [t for t in TOPICS if any(t in pair for pair in pairs)]
    counts = [[pairs[gold, found] for found in topics] for gold in topics]
    return pd.DataFrame(counts, index=pd.Index(topics, name="gold"), columns=topics)


def around(row: Row) -> str:
    """The sentence of a row, cut to what stands near the number."""
    at = max(0, row.sentence.find(row.quote))
    return row.sentence[max(0, at - 30) : at + len(row.quote) + 15].replace("\n", " ")


def changes(
    before: Mapping[str, FileScore], after: Mapping[str, FileScore], name: str
) -> tuple[list[Judged], list[Judged]]:
    """The rows that became right, and those that became wrong, at a level between two runs."""
    gains: list[Judged] = []
    losses: list[Judged] = []
    for file, score in after.items():
        old = {j.gold.id: name in j.right for j in before[file].judged}
        for j in score.judged:
            if (name in j.right) != old[j.gold.id]:
                (gains if name in j.right else losses).append(j)
    return gains, losses
