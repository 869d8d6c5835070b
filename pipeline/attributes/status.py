"""Status: whether a number is done and counted, planned, or a rule that recurs."""

from __future__ import annotations

from pipeline.attributes.cues import Heard, Place, decide
from pipeline.attributes.period import report_year
from pipeline.records import Context, Finding
from pipeline.rules import RuleSet


def status_of(context: Context, place: Place, rules: RuleSet) -> Finding:
    """actual, planned or standard; actual where nothing speaks.

    A cue that names a `year` speaks only if that year lies after the report's: 2020年兜底脱贫11户 is a plan in 2018.
    """

    def admits(hit: Heard) -> bool:
        named = hit.groups.get("year")
        if named is None:
            return True
        year = report_year(context.report)
        return year is not None and int(named) > year

    return decide(context, place, rules, "status", "actual", admits)
