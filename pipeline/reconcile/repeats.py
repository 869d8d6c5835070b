"""The same fact stated twice in one report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pipeline.reconcile.lines import comparable
from pipeline.records import Check, Document, Observation
from pipeline.rules import RuleSet


def repeats(document: Document, observations: Sequence[Observation], rules: RuleSet) -> Iterator[Check]:
    """stated_twice: a fact of which a place has only one (its 总人口, its 耕地面积) has one value."""
    rule = rules.checks["stated_twice"]
    unique = {s for s in {o.topic.subject for o in observations} if rule.fullmatches("unique", s, rules)}
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, o in enumerate(observations):
        if o.topic.subject in unique and comparable(o.quantity):
            report = document.sections[o.sentence.section].report
            groups[report, o.topic.topic, o.topic.subject, o.quantity.measure, o.quantity.unit, o.basis.value,
                   o.status.value, o.role.value, o.period.value, o.place].append(i)  # fmt: skip
    for members in groups.values():
        first = observations[members[0]].quantity.value or 0.0
        for i in members[1:]:
            value = observations[i].quantity.value or 0.0
            yield Check("stated_twice", value, first, value == first, (i, members[0]))
