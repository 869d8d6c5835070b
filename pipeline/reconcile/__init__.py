"""A report's observations -> checks: arithmetic that its own numbers should satisfy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pipeline.reconcile.changes import changes, growth
from pipeline.reconcile.limits import conversions, dates, households, neighbours, percentages
from pipeline.reconcile.lines import Line, lines_of
from pipeline.reconcile.ratios import products, rates
from pipeline.reconcile.repeats import repeats
from pipeline.reconcile.sums import sums
from pipeline.records import Check, Document, Observation
from pipeline.rules import RuleSet

IN_A_SENTENCE: tuple[Callable[[Line, RuleSet], Iterator[Check]], ...] = (
    sums, households, conversions, percentages, dates, changes, growth, products, rates,
)  # fmt: skip


def reconcile(text: str, document: Document, observations: Sequence[Observation], rules: RuleSet) -> tuple[Check, ...]:
    """The checks of one file, each held or violated; only exact, unmasked numbers are compared.

    `text` is the normalised text. Where nothing says that two numbers belong together, nothing is checked.
    """
    found: dict[tuple[str, tuple[int, ...]], Check] = {}
    lines = lines_of(text, observations)
    checks = [check for line in lines for family in IN_A_SENTENCE for check in family(line, rules)]
    checks += [*neighbours(document, observations, rules), *repeats(document, observations, rules)]
    for check in checks:
        found.setdefault((check.kind, check.observations), check)
    return tuple(sorted(found.values(), key=lambda c: (c.observations, c.kind)))
