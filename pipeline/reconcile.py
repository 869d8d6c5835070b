"""A report's observations -> checks: arithmetic that its own numbers should satisfy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.records import Check, Observation


def reconcile(observations: Sequence[Observation]) -> tuple[Check, ...]:
    """The checks of one file, each held or violated; only exact, unmasked numbers are compared."""
    return tuple(_pairs(observations))


def _pairs(observations: Sequence[Observation]) -> Iterator[Check]:
    """persons_per_household: in 192户709人 there are at least as many persons as households."""
    for i in range(len(observations) - 1):
        left, right = observations[i].quantity, observations[i + 1].quantity
        joined = (left.measure, right.measure) == ("households", "persons") and 0 <= right.start - left.end <= 1
        if joined and left.value and right.value and left.qualifier == right.qualifier == "exact":
            yield Check("persons_per_household", left.value, right.value, right.value >= left.value, (i, i + 1))
