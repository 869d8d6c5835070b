"""Other projects' own test data, read where they lie, as a measure of how well numbers are read.

Three kinds of files are understood, by what is in them: the Specs of microsoft/Recognizers-Text (a JSON list of Input
and Results), pairs of a spoken and a written form (`spoken => written` or `spoken~written`, as in WeTextProcessing),
and the test cases of OpenCC. What is out of scope, and why, stands in peers.toml.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex

from pipeline.errors import OptionError
from pipeline.extract import read_quantities
from pipeline.numerals import Number, scan, size_of
from pipeline.records import Quantity, RawText, Text
from pipeline.rules import RuleSet, UnitRule
from pipeline.scoreboard import Board

SETTINGS = Path(__file__).with_suffix(".toml")
MOST_BYTES = 5_000_000  # of a suite
MOST_CHARACTERS = 2_000  # of a case; longer ones are left out
TRAILING_COMMA = regex.compile(r",(?=\s*+[}\]])")
PAIR = regex.compile(r"\s*+(?P<spoken>[^\n]*?)\s*+(?:=>|~)\s*+(?P<written>[^\n]*?)\s*+")
# 45-6万 is 45 to 46万: the written side of a spoken range repeats only the digits that change.
SHORT_RANGE = regex.compile(r"(?<![0-9.])([0-9]{1,9})-([0-9]{1,9})(?![0-9.])")
TOLERANCE, ROUNDED = 1e-6, 0.5e-4
COLUMNS = ("suite", "cases", "in scope", "right", "share", "the peer itself")


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what the peer expects of it."""

    suite: str  # the name of its file
    kind: str  # number, percentage, dimension, currency, age …; spoken; script
    text: str
    expected: tuple[tuple[int, int, float], ...] = ()  # start, end and value of each number
    other: str = ""  # the other side of a pair


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case: right, wrong, or out of scope for a reason."""

    case: Case
    right: bool
    reason: str = ""
    found: str = ""


@dataclass(frozen=True)
class Score:
    """One line of the table."""

    suite: str
    cases: int
    in_scope: int
    right: int
    peer: str  # the peer's own score, where it is known


@lru_cache(maxsize=1)
def _settings() -> Mapping[str, Any]:
    return tomllib.loads(SETTINGS.read_text("utf-8"))


def judge_suites(folder: Path, rules: RuleSet) -> list[Verdict]:
    """The verdict on every case of every suite under `folder`.

    Raises OptionError if there is none, or a file cannot be read.
    """
    cases = [case for path in sorted(folder.glob("*")) for case in cases_of(path)]
    if not cases:
        raise OptionError(f"{folder}: it holds no test data that are understood; see pipeline/peers.py for the formats")
    return [judge(case, rules) for case in cases]


def scores(verdicts: Sequence[Verdict]) -> Iterator[Score]:
    """One score for each suite, in their order."""
    known = _settings()["scores"]
    for suite in dict.fromkeys(v.case.suite for v in verdicts):
        own = [v for v in verdicts if v.case.suite == suite]
        inside = [v for v in own if not v.reason]
        yield Score(suite, len(own), len(inside), sum(v.right for v in inside), known.get(suite, ""))


def boards(verdicts: Sequence[Verdict], most: int) -> Iterator[Board]:
    """What `cunbao peers` prints: a line for each suite, what is out of scope and why, and up to `most` wrong ones."""
    rows = tuple(_line(s) for s in scores(verdicts))
    inside, right = (sum(int(row[i]) for row in rows) for i in (2, 3))
    share = f"{right / inside:.1%}" if inside else ""
    total = ("all", str(len(verdicts)), str(inside), str(right), share, "")
    yield Board("Other projects' test data", COLUMNS, frozenset(range(1, 6)), (*rows, total))
    reasons = Counter((v.case.suite, v.reason) for v in verdicts if v.reason)
    outside = tuple((str(n), suite, reason) for (suite, reason), n in sorted(reasons.items()))
    if outside:
        yield Board("Out of scope", ("cases", "suite", "because"), frozenset({0}), outside)
    wrong = [v for v in verdicts if not v.right and not v.reason][:most]
    if wrong:
        listed = tuple((v.case.suite, v.case.text, _wish(v.case), v.found) for v in wrong)
        yield Board("Read wrong", ("suite", "text", "expected", "found"), frozenset(), listed)


def _line(score: Score) -> tuple[str, ...]:
    share = f"{score.right / score.in_scope:.1%}" if score.in_scope else ""
    return score.suite, str(score.cases), str(score.in_scope), str(score.right), share, score.peer or "not known"


def _wish(case: Case) -> str:
    return case.other or ", ".join(f"{value:g}" for _, _, value in case.expected)


def cases_of(path: Path) -> Iterator[Case]:
    """The cases of one file; none if it is of no known kind."""
    if path.suffix not in (".json", ".txt") or path.stat().st_size > MOST_BYTES:
        return
    try:
        text = path.read_text("utf-8-sig")
        data = json.loads(TRAILING_COMMA.sub("", text)) if path.suffix == ".json" else text
    except ValueError as error:
        raise OptionError(f"{path}: these test data cannot be read: {error}") from None
    if isinstance(data, str):
        made = _pairs(path.name, data)
    elif isinstance(data, dict):
        made = _scripts(path.name, data)
    else:
        made = _recognised(path.name, data)
    yield from (case for case in made if len(case.text) <= MOST_CHARACTERS)


def _pairs(suite: str, text: str) -> Iterator[Case]:
    for line in text.splitlines():
        pair = PAIR.fullmatch(line)
        if pair and pair["spoken"]:
            yield Case(suite, "spoken", pair["spoken"], other=pair["written"])


def _scripts(suite: str, data: Mapping[str, Any]) -> Iterator[Case]:
    for case in data.get("cases", ()):
        if "t2s" in case.get("expected", {}):
            yield Case(suite, "script", case["input"], other=case["expected"]["t2s"])


def _recognised(suite: str, data: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    """The cases of Recognizers-Text; one whose values are no plain numbers (a date) is left out."""
    kinds = Counter(str(r.get("TypeName")) for item in data for r in item.get("Results", ()))
    kind = kinds.most_common(1)[0][0] if kinds else "number"
    for item in data:
        results = item.get("Results", ())
        expected = [e for r in results if (e := _expected(r)) is not None]
        if "Input" in item and len(expected) == len(results):
            yield Case(suite, kind, item["Input"], tuple(expected))


def _expected(result: Mapping[str, Any]) -> tuple[int, int, float] | None:
    try:
        return int(result["Start"]), int(result["End"]) + 1, float(result["Resolution"]["value"].rstrip("%"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def judge(case: Case, rules: RuleSet) -> Verdict:
    """Reads a case, unless it is out of scope, and compares."""
    for outside in _settings()["outside"]:
        if case.kind in outside["kinds"] and regex.search(outside["pattern"], f"{case.text}\n{case.other}"):
            return Verdict(case, right=False, reason=outside["reason"])
    right, found = JUDGES.get(case.kind, _judge_units)(case, rules)
    return Verdict(case, right, found=found)


def _read(text: str, rules: RuleSet) -> tuple[Text, list[Quantity]]:
    raw = RawText("case", text, "", len(text), "txt", "utf-8", "case")
    read, _, numerals, _ = read_quantities(raw, rules)
    return read, [n.quantity for n in numerals if n.quantity]


def _judge_script(case: Case, rules: RuleSet) -> tuple[bool, str]:
    read, _ = _read(case.text, rules)
    return read.text == case.other, read.text


def _judge_number(case: Case, rules: RuleSet) -> tuple[bool, str]:
    """Each number that is expected is found, given a classifier where it has no unit, and no other."""
    text, shift = case.text, 0
    spans: list[tuple[int, int, float]] = []
    for start, end, value in case.expected:
        at = end + shift
        spans.append((start + shift, at, value))
        if not _has_unit(text[at:], rules):
            text = text[:at] + _settings()["classifier"] + text[at:]
            shift += 1
    found = _spans(text, rules)
    right = len(found) == len(spans) and all(
        a < end and b > start and any(_close(v, value) for v in values)
        for (a, b, values), (start, end, value) in zip(found, spans, strict=True)
    )
    return right, f"{text}: {[values[0] for _, _, values in found]}"


def _spans(text: str, rules: RuleSet) -> list[tuple[int, int, tuple[float, ...]]]:
    """Where the quantities of a text stand in it, and the number of each before its unit.

    三分之一 is 33.33, in percent, and 0.3333.
    """
    read, quantities = _read(text, rules)
    found: list[tuple[int, int, tuple[float, ...]]] = []
    for q in quantities:
        number = _plain(q)
        numbers: tuple[float, ...] = (
            () if number is None else (number / 100, number) if q.measure == "percent" else (number,)
        )
        found.append((*read.offsets.span(q.start, q.end), numbers))
    return found


def _plain(quantity: Quantity) -> float | None:
    """The number before its unit, with its scale: 200000 for 20万公斤; a number that is open has its lower bound."""
    if quantity.number is None:
        return quantity.low
    return quantity.number * float(size_of(quantity.scale))


def _has_unit(text: str, rules: RuleSet) -> bool:
    word = text.lstrip()[:1]
    return bool(word) and any(text.lstrip().startswith(w) for unit in rules.units for w in unit.words)


def _close(a: float, b: float) -> bool:
    """Equal, but for the two places to which a share in percent is rounded."""
    return abs(a - b) <= max(TOLERANCE * abs(b), ROUNDED)


def _judge_percent(case: Case, rules: RuleSet) -> tuple[bool, str]:
    """Each percentage that is expected is found, and no other; a discount of 7.5折 is 75%."""
    _, quantities = _read(case.text, rules)
    wanted = [value for _, _, value in case.expected]
    discounts = {u.id for u in rules.units if u.id.startswith("units.discount")} if wanted else set()
    found = [
        (q.value or 0.0) * (1 if q.measure == "percent" else 10)
        for q in quantities
        if q.measure == "percent" or q.rule in discounts
    ]
    right = len(found) == len(wanted) and all(_close(a, b) for a, b in zip(found, wanted, strict=True))
    return right, str(found)


def _judge_units(case: Case, rules: RuleSet) -> tuple[bool, str]:
    """Each number with a unit that is expected is found where it stands; without one none of a measure is."""
    _, quantities = _read(case.text, rules)
    if not case.expected:
        found = [q for q in quantities if q.measure not in ("other", "persons", "households", "percent")]
        return not found, str([(q.value, q.unit) for q in found])
    spans = _spans(case.text, rules)
    right = all(
        any(a < end and b > start and any(_close(v, value) for v in values) for a, b, values in spans)
        for start, end, value in case.expected
    )
    return right, str([values for _, _, values in spans])


def _judge_pair(case: Case, rules: RuleSet) -> tuple[bool, str]:
    """Both sides give the same values."""
    spoken, written = _said(case.text, rules), _said(_in_full(case.other), rules)
    return spoken == written, f"{spoken} | {written}"


def _in_full(written: str) -> str:
    """The written side without abbreviations: $45-6 is 45~46美元."""
    for sign, unit in _settings()["money"].items():
        written = regex.sub(regex.escape(sign) + _settings()["amount"], rf"\1{unit}", written)
    return SHORT_RANGE.sub(_filled, written)


def _filled(short: regex.Match[str]) -> str:
    first, second = short[1], short[2]
    if len(second) > len(first) or int(second) > int(first):
        return short[0]
    return f"{first}~{first[: len(first) - len(second)]}{second}"


def _said(text: str, rules: RuleSet) -> list[tuple[float | None, ...]]:
    """The numbers of one side of a pair before their units; a bare numeral is given a classifier."""
    if regex.fullmatch(_settings()["bare"], text):
        text += _settings()["classifier"]
    _, quantities = _read(text, rules)
    if quantities:
        return [_rounded(q, rules) for q in quantities]
    return [_bounds(f.number) for f in scan(text) if f.number]


def _rounded(quantity: Quantity, rules: RuleSet) -> tuple[float | None, ...]:
    plain = _plain(quantity) if quantity.number is not None else None
    unit = rules.by_id.get(quantity.rule)
    factor = unit.factor if isinstance(unit, UnitRule) else 1.0
    figures = [plain] * 2 if plain is not None else [quantity.low, quantity.high]
    if plain is not None:
        factor = 1.0
    return tuple(None if f is None else round(f / factor, 6) for f in figures)


def _bounds(number: Number) -> tuple[float | None, ...]:
    edges = (number.low, number.high) if number.value is None else (number.value, number.value)
    return tuple(None if e is None else float(e) for e in edges)


JUDGES: Mapping[str, Callable[[Case, RuleSet], tuple[bool, str]]] = {
    "number": _judge_number,
    "percentage": _judge_percent,
    "spoken": _judge_pair,
    "script": _judge_script,
}
