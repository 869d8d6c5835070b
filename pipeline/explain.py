"""How one number was read, or why it was left alone, as a tree of sentences."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.context import headings_above
from pipeline.errors import OptionError
from pipeline.records import Finding, Numeral, Observation, Reading
from pipeline.rules import RuleSet
from pipeline.topics.model import TopicModel

MOST_VOTES = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree and the lines below it."""

    label: str
    children: tuple[Node, ...] = ()


def explain(reading: Reading, at: int, rules: RuleSet, model: TopicModel) -> Node:
    """The tree for the numeral at raw offset `at`, or for the one nearest to it on either side.

    Raises OptionError if the file holds no numeral at all or `at` lies outside it.
    """
    source, length = reading.text.raw.source, len(reading.text.raw.text)
    if not 0 <= at < length:
        raise OptionError(f"--at {at}: {source} has {length} characters; give an offset from 0 to {length - 1}")
    if not reading.numerals:
        raise OptionError(f"{source}: there is no numeral in this file")
    numeral = min(reading.numerals, key=lambda n: _distance(reading, n, at))
    start, end = reading.text.offsets.span(numeral.start, numeral.end)
    raw = reading.text.raw.text[start:end]
    top = f"{source} [{start}:{end}] “{raw}”"
    if raw != reading.text.text[numeral.start : numeral.end]:
        top += f", read as “{reading.text.text[numeral.start : numeral.end]}”"
    observation = next((o for o in reading.observations if o.quantity is numeral.quantity), None)
    if observation is None:
        return Node(
            top, (Node(f"no quantity: {numeral.fate}", _rule(numeral.rule, rules)), *_repairs(reading, start, end))
        )
    return Node(top, (*_observation(reading, observation, rules, model), *_repairs(reading, start, end)))


def _distance(reading: Reading, numeral: Numeral, at: int) -> int:
    start, end = reading.text.offsets.span(numeral.start, numeral.end)
    return max(start - at, at - end + 1, 0)


def _rule(name: str, rules: RuleSet) -> tuple[Node, ...]:
    rule = rules.by_id.get(name)
    if rule is None:
        return (Node(f"by {name}"),)
    return (Node(f"by rule {name}" + (f": {rule.why}" if rule.why else "")),)


def _repairs(reading: Reading, start: int, end: int) -> tuple[Node, ...]:
    near = [r for r in reading.text.repairs if r.raw_start < end and r.raw_end > start]
    return tuple(Node(f"repaired: “{r.before}” -> “{r.after}” ({r.kind})") for r in near)


def _observation(reading: Reading, observation: Observation, rules: RuleSet, model: TopicModel) -> tuple[Node, ...]:
    quantity, topic = observation.quantity, observation.topic
    document = reading.document
    section = document.sections[observation.sentence.section]
    report = document.reports[section.report]
    bounds = "".join(f", {n} {v:,g}" for n, v in (("low", quantity.low), ("high", quantity.high)) if v is not None)
    value = "no value" if quantity.value is None else f"{quantity.value:,g}"
    measure = f"{quantity.measure}: {value}{bounds}, {quantity.qualifier}{', masked' if quantity.masked else ''}"
    weighed = model.together.weigh(topic.votes, topic.topic)[:MOST_VOTES]
    votes = tuple(Node(f"{weight:+.2f} {vote.topic} by {vote.rule}") for vote, weight in weighed)
    attributes = (("basis", observation.basis), ("status", observation.status), ("role", observation.role),
                  ("period", observation.period))  # fmt: skip
    return (
        Node(f"measure {measure}", _rule(quantity.rule, rules)),
        Node(f"topic {topic.topic}, confidence {topic.confidence:.2f}, subject “{topic.subject}”",
             (*_rule(topic.decided_by, rules), Node("votes", votes))),
        *(_attribute(name, finding, rules) for name, finding in attributes),
        _total(reading, observation),
        Node("stands under " + (" < ".join(headings_above(document, observation.sentence.section)) or "no heading")
             + f" ({section.kind})"),
        Node(f"in the report “{report.title or 'without title'}”, period {report.period or 'unknown'}"),
    )  # fmt: skip


def _attribute(name: str, finding: Finding, rules: RuleSet) -> Node:
    return Node(f"{name} {finding.value or 'unknown'}", _rule(finding.rule, rules))


def _total(reading: Reading, observation: Observation) -> Node:
    if observation.part_of is None:
        return Node("part of nothing that is stated")
    total = reading.observations[observation.part_of].quantity
    return Node(f"part of “{reading.text.text[total.start : total.end]}”")
