"""Runs the examples of rules/ through the whole chain: every rule must do what its examples say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import regex

from pipeline.extract import read_text
from pipeline.records import Finding, Observation, RawText, Reading
from pipeline.rules import CheckRule, CueRule, Rule, RuleSet, TopicRule, UnitRule
from pipeline.topics.model import TopicModel

MARK = regex.compile(r"<([^<>]{1,60})>")


@dataclass(frozen=True, slots=True)
class Example:
    """One example of one rule: the text without its mark, and the stretch that was marked."""

    rule: Rule
    file: str  # units, topics, or the name of the cue file
    wish: str  # yes: it must speak, no: it must not, todo: it should and does not yet
    text: str
    start: int
    end: int

    @property
    def must(self) -> bool:
        """Whether the rule must speak."""
        return self.wish == "yes"


def examples_of(rules: RuleSet) -> Iterator[Example]:
    """Every example in rules/."""
    families: list[tuple[str, tuple[Rule, ...]]] = [("units", rules.units), ("topics", rules.topics)]
    families += list(rules.cues.items())
    for file, members in families:
        for rule in members:
            for wish, marked in rule.examples():
                mark = MARK.search(marked)
                start, end = (mark.start(), mark.end() - 2) if mark else (0, len(marked))
                yield Example(rule, file, wish, MARK.sub(r"\1", marked, count=1), start, end)


def failures(rules: RuleSet, model: TopicModel, ids: Collection[str] | None = None) -> list[str]:
    """One sentence for each example that does not hold; `ids`: only those of these rules and checks."""
    mine = (e for e in examples_of(rules) if ids is None or e.rule.id in ids)
    broken = [said for example in mine if (said := failure(example, rules, model))]
    asked = (c for c in rules.checks.values() if ids is None or c.id in ids)
    checks = ((check, *example) for check in asked for example in check.examples())
    return broken + [said for check, wish, text in checks if (said := check_failure(check, wish, text, rules, model))]


def check_failure(check: CheckRule, wish: str, text: str, rules: RuleSet, model: TopicModel) -> str | None:
    """What is wrong with one example of a check (yes: violated, no: it holds, silent: it does not speak), or None."""
    raw = RawText("example", text, "", len(text), "txt", "utf-8", "example")
    found = {c.holds for c in read_text(raw, rules, model).checks if c.kind == check.id}
    if found == {"yes": {False}, "no": {True}, "silent": set()}[wish] or (wish == "yes" and False in found):
        return None
    said = "violated" if False in found else "holds" if found else "silent"
    must = {"yes": "be violated", "no": "hold", "silent": "be silent"}[wish]
    return f"checks: rule {check.id} must {must} in: {text} (found: {said})"


def failure(example: Example, rules: RuleSet, model: TopicModel) -> str | None:
    """What is wrong with one example, or None."""
    raw = RawText("example", example.text, "", len(example.text), "txt", "utf-8", "example")
    found, holds = CHECKS.get(example.file, _attribute)(read_text(raw, rules, model, told=True), example)
    if holds == example.must:
        return None
    wish = {"yes": "must speak", "no": "must not speak", "todo": "speaks now, so move todo to yes,"}[example.wish]
    marked = (
        f"{example.text[: example.start]}<{example.text[example.start : example.end]}>{example.text[example.end :]}"
    )
    return f"{example.file}: rule {example.rule.id} {wish} in: {marked} (found: {found})"


def _at(reading: Reading, example: Example) -> Observation | None:
    """The observation at the mark."""
    for observation in reading.observations:
        quantity = observation.quantity
        start, end = reading.text.offsets.span(quantity.start, quantity.end)
        if start < example.end and end > example.start:
            return observation
    return None


def _unit(reading: Reading, example: Example) -> tuple[str, bool]:
    observation, rule = _at(reading, example), example.rule
    if observation is None or not isinstance(rule, UnitRule):
        return "no quantity", False
    quantity = observation.quantity
    exact = reading.text.offsets.span(quantity.start, quantity.end) == (example.start, example.end)
    return f"{quantity.measure} by {quantity.rule}", exact and quantity.rule == rule.id


def _topic(reading: Reading, example: Example) -> tuple[str, bool]:
    observation, rule = _at(reading, example), example.rule
    if observation is None or not isinstance(rule, TopicRule):
        return "no quantity", False
    topic = observation.topic
    said = f"{topic.topic} by {topic.decided_by}"
    if not example.must:
        return said, topic.decided_by == rule.id
    return said, topic.topic == rule.topic and any(name == rule.id for _, _, name in topic.votes)


def _fate(reading: Reading, example: Example) -> tuple[str, bool]:
    for numeral in reading.numerals:
        start, end = reading.text.offsets.span(numeral.start, numeral.end)
        if start < example.end and end > example.start:
            said = f"{numeral.fate} by {numeral.rule}"
            if not example.must:
                return said, numeral.rule == example.rule.id
            return said, isinstance(example.rule, CueRule) and numeral.fate == example.rule.value
    return "no numeral", False


def _qualifier(reading: Reading, example: Example) -> tuple[str, bool]:
    observation = _at(reading, example)
    if observation is None or not isinstance(example.rule, CueRule):
        return "no quantity", False
    return observation.quantity.qualifier, observation.quantity.qualifier == example.rule.value


def _heading(reading: Reading, example: Example) -> tuple[str, bool]:
    for section in reading.document.sections:
        start, end = reading.text.offsets.span(section.start, section.end)
        if start < example.end and end > example.start and section.heading:
            return section.kind, isinstance(example.rule, CueRule) and section.kind == example.rule.value
    return "no heading", False


def _part(reading: Reading, example: Example) -> tuple[str, bool]:
    observation = _at(reading, example)
    linked = observation is not None and observation.part_of is not None
    opens = isinstance(example.rule, CueRule) and example.rule.value == "opens"
    return "linked" if linked else "not linked", linked == opens


def _subject(reading: Reading, example: Example) -> tuple[str, bool]:
    observation = _at(reading, example)
    subject = observation.topic.subject if observation else ""
    words = [w for w in example.rule.words if w in example.text]
    return subject, bool(words) and bool(subject) and not subject.startswith(tuple(words)) and not subject.endswith(
        tuple(words)
    )


def _counted(reading: Reading, example: Example) -> tuple[str, bool]:
    observation = _at(reading, example)
    return ("a quantity" if observation else "no quantity"), observation is not None


def _supplied(reading: Reading, example: Example) -> tuple[str, bool]:
    observation, rule = _at(reading, example), example.rule
    if observation is None or not isinstance(rule, CueRule):
        return "no quantity", False
    quantity = observation.quantity
    mine = quantity.measure == rule.value if rule.where == "after" else quantity.rule == rule.id
    return f"{quantity.measure} by {quantity.rule}", mine and quantity.measure == rule.value


# Values of place cues: those that keep the report's place, or none; and those that leave a place without a code.
UNNAMED = frozenset({"own", "sum", "generic", "edge", "joint", "others", "never", "giver", "office"})
CODELESS = frozenset({"weak", "toward", "partner"})


def _place(reading: Reading, example: Example) -> tuple[str, bool]:
    observation, rule = _at(reading, example), example.rule
    if observation is None or not isinstance(rule, CueRule):
        return "no quantity", False
    if rule.value in CODELESS:
        return f"place {observation.place}, adcode {observation.adcode}", observation.adcode is None
    place = observation.place
    named = place is not None and all(r.place != place for r in reading.document.reports)
    return f"place {place}", named == (rule.value not in UNNAMED)


def _structure(reading: Reading, example: Example) -> tuple[str, bool]:
    """What became of the stretch that is marked: a heading, a report's begin, a line of the page, or metadata."""
    document, rule = reading.document, example.rule
    if not isinstance(rule, CueRule):
        return "no rule of structure", False
    kind = rule.value.partition(".")[0]
    section = next((s for s in document.sections if s.start == example.start), None)
    report = next(r for r in document.reports if r.start <= example.start < r.end)
    marked = example.text[example.start : example.end]
    if kind.startswith("level"):
        level = section.level if section else None
        return f"level {level}", f"level{level}" == kind
    if kind == "inline":
        return f"section {section}", section is not None and section.level > 0
    if rule.value in BEGINS:
        return f"{len(document.reports)} reports", report.start == example.start
    if rule.value in PAGE:
        at = next(s for s in document.sections if s.start <= example.start < s.end)
        outside = marked not in (report.title or "") and at.kind in PAGE[rule.value]
        return f"title {report.title}, kind {at.kind}", outside
    if kind == "yearlong":
        return f"period {report.period}", report.period is not None and report.period != (report.report_date or "")[:4]
    field = FIELDS.get(kind, kind)
    found = getattr(report, field)
    return f"{field} {found}", found is not None and (field in ("report_date", "period") or found == marked)


def _attribute(reading: Reading, example: Example) -> tuple[str, bool]:
    observation, rule = _at(reading, example), example.rule
    if observation is None or not isinstance(rule, CueRule):
        return "no quantity", False
    finding: Finding = getattr(observation, example.file)
    said = f"{finding.value} by {finding.rule}"
    if rule.value in AS_BEFORE:
        before = reading.observations[max(0, reading.observations.index(observation) - 1)]
        return said, finding == getattr(before, example.file)
    if rule.value == "item":
        before = reading.observations[max(0, reading.observations.index(observation) - 1)]
        return said, finding != getattr(before, example.file)
    by_rule = finding.rule == rule.id
    return said, (by_rule or finding.value == rule.value) if example.must else by_rule


# Cues of structure.toml: those at which a report begins; lines of a page, and the sections in which they then stand;
# the field of a report that the others speak of.
BEGINS = frozenset({"first", "chapter", "title.start", "opening"})
PAGE = {
    "closing": ("closing",),
    "chrome": ("closing", "intro"),
    "related": ("closing",),
    "attachment": ("closing",),
    "collection": ("intro",),
    "addressee": ("intro",),
}
FIELDS = {"signature": "issuer", "byline": "issuer", "date": "report_date", "part": "period"}
# Values of cues that take what was said of the quantity before.
AS_BEFORE = frozenset({"same", "previous"})
CHECKS: dict[str, Callable[[Reading, Example], tuple[str, bool]]] = {
    "units": _unit,
    "topics": _topic,
    "fates": _fate,
    "qualifiers": _qualifier,
    "headings": _heading,
    "part_of": _part,
    "subject": _subject,
    "counted": _counted,
    "supplied": _supplied,
    "place": _place,
    "structure": _structure,
}
