"""Every numeral of a text, and which of them are quantities.

One scan finds the numerals; the patterns of rules/fates.toml claim those that are no quantities; a unit behind the
numeral (rules/units.toml), or one that the sentence supplies (rules/supplied.toml), makes a quantity of the rest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.numerals import BLANK, DASH, MORE, ONE, RATE, SCALES, SOME, Found, Number, closing_scale, scan, size_of
from pipeline.records import Numeral, Quantity
from pipeline.rules import CueRule, RuleSet, UnitRule

UNIT_REACH = 5  # characters of the longest unit


@dataclass(frozen=True)
class Lexicon:
    """The rules of this stage in the shape the scan needs."""

    units: Mapping[str, tuple[UnitRule, ...]]
    fates: tuple[tuple[regex.Pattern[str], CueRule], ...]
    phrases: AhoCorasick
    phrase_cues: tuple[CueRule, ...]  # of each word of `phrases`
    before: Mapping[str, tuple[tuple[str, CueRule], ...]]  # by their last character, longest first
    after: Mapping[str, tuple[tuple[str, CueRule], ...]]  # by their first
    verbs: tuple[tuple[regex.Pattern[str], CueRule], ...]
    supplied: tuple[tuple[regex.Pattern[str], CueRule], ...]
    counted: tuple[tuple[regex.Pattern[str], CueRule], ...]
    counted_after: tuple[tuple[regex.Pattern[str], CueRule], ...]
    people: tuple[tuple[regex.Pattern[str], CueRule], ...]


@lru_cache(maxsize=4)
def lexicon_of(rules: RuleSet) -> Lexicon:
    """The lexicon of `rules`, built once."""

    def words(where: str, key: int) -> Mapping[str, tuple[tuple[str, CueRule], ...]]:
        pairs = [(w, c) for c in rules.cues["qualifiers"] if c.where == where for w in c.words]
        pairs.sort(key=lambda p: -len(p[0]))
        return {w[key]: tuple(p for p in pairs if p[0][key] == w[key]) for w, _ in pairs}

    def patterns(file: str, where: str) -> tuple[tuple[regex.Pattern[str], CueRule], ...]:
        return tuple((rules.compile(c), c) for c in rules.cues[file] if c.where == where)

    phrases = [(w, c) for c in rules.cues["fates"] for w in c.words]
    units: dict[str, tuple[UnitRule, ...]] = {}
    for unit in sorted(rules.units, key=lambda u: -u.least):
        for word in unit.words:
            units[word] = (*units.get(word, ()), unit)
    return Lexicon(
        units=units,
        fates=tuple((rules.compile(c), c) for c in rules.cues["fates"] if c.pattern),
        phrases=AhoCorasick([w for w, _ in phrases], matchkind=MatchKind.LeftmostLongest),
        phrase_cues=tuple(c for _, c in phrases),
        before=words("before", -1),
        after=words("after", 0),
        verbs=patterns("qualifiers", "verb"),
        supplied=patterns("supplied", "before"),
        counted=patterns("counted", "before"),
        counted_after=patterns("counted", "after"),
        people=patterns("supplied", "after"),
    )


def find_numerals(text: str, rules: RuleSet) -> tuple[Numeral, ...]:
    """Every numeral of `text` in order, with its fate; those that are quantities carry a Quantity."""
    lexicon = lexicon_of(rules)
    claims = claims_in(text, lexicon)
    starts = [c[0] for c in claims]
    numerals: list[Numeral] = []
    end = 0
    found = list(scan(text))
    for i, item in enumerate(found):
        if item.start < end:
            continue
        claim = _claim_over(item, claims, starts)
        if claim is not None:
            numerals.append(Numeral(item.start, item.end, claim.value, claim.id))
            end = item.end
            continue
        for numeral in read_numeral(text, found, i, lexicon):
            numerals.append(numeral)
            end = max(end, numeral.end)
    return tuple(numerals)


def claims_in(text: str, lexicon: Lexicon) -> list[tuple[int, int, CueRule]]:
    """The stretches that rules/fates.toml claims, sorted; of two that overlap the one with the higher priority."""
    claims = [(m.start(), m.end(), cue) for pattern, cue in lexicon.fates for m in pattern.finditer(text)]
    claims += [(a, b, lexicon.phrase_cues[i]) for i, a, b in lexicon.phrases.find_matches_as_indexes(text)]
    claims.sort(key=lambda c: (c[0], -c[2].priority, -c[1]))
    return claims


def _claim_over(item: Found, claims: list[tuple[int, int, CueRule]], starts: list[int]) -> CueRule | None:
    """The claim that covers the whole numeral."""
    i = bisect_right(starts, item.start)
    best: CueRule | None = None
    for start, end, cue in reversed(claims[max(0, i - 12) : i]):
        if start <= item.start and item.end <= end and (best is None or cue.priority > best.priority):
            best = cue
    return best


def read_numeral(text: str, found: list[Found], i: int, lexicon: Lexicon) -> list[Numeral]:
    """Reads numeral `i` of the scan: a quantity, a range, a list that shares a unit, or nothing that is explained."""
    item = found[i]
    if item.kind == "fraction":
        return [_fraction(text, item, lexicon)]
    shared = _shared_list(text, found, i, lexicon)
    if shared:
        return shared
    spanned = _range(text, found, i, lexicon)
    if spanned:
        return [spanned]
    return [_single(text, item, lexicon)]


def _single(text: str, item: Found, lexicon: Lexicon) -> Numeral:
    unit = _unit_at(text, item, lexicon)
    if unit is None:
        return _without_unit(text, item, lexicon)
    if item.number is None or not _counts(text, item, unit, lexicon):
        return Numeral(item.start, item.end, "phrase", unit.rule.id)
    return _quantity(text, item.start, item.number, unit, lexicon)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in the text, with the 余/多 before it."""

    start: int
    end: int
    rule: UnitRule
    more: str
    scale: Decimal


def _unit_at(text: str, item: Found, lexicon: Lexicon) -> Unit | None:
    """The unit behind a numeral: 200|余份, 709| 人, 8万|余册, 18万余|元, 一|个半月."""
    at, more, scale = item.end, "", Decimal(1)
    if text[at : at + 1] in BLANK:
        at += 1
    if text[at : at + 1] in MORE:
        more, at = text[at], at + 1
    while text[at : at + 1] in SCALES:
        scale *= SCALES[text[at]]
        at += 1
        if not more and text[at : at + 1] in MORE:
            more, at = text[at], at + 1
    if text[at : at + 1] in BLANK:
        at += 1
    size = _size(item, scale)
    for length in range(min(UNIT_REACH, len(text) - at), 0, -1):
        for rule in lexicon.units.get(text[at : at + length], ()):
            if rule.least <= size <= (rule.most or size):
                return Unit(at, at + length, rule, more, scale)
    return None


def _size(item: Found, scale: Decimal) -> float:
    """How large the number is; a masked one counts as one of its scale."""
    return float(scale if item.number is None or item.number.value is None else item.number.value * scale)


def _counts(text: str, item: Found, unit: Unit, lexicon: Lexicon) -> bool:
    """Whether 一 with a classifier counts (建成一个垃圾池) or is an article (一个重要方面)."""
    if item.kind == "some":
        return unit.rule.strength == "strong" and unit.rule.measure != "persons"
    if item.kind != "han" or text[item.start : item.end] != ONE or unit.rule.strength == "strong":
        return True
    if any(p.match(text, unit.end, unit.end + 12) for p, _ in lexicon.counted_after):
        return True
    return unit.rule.strength == "weak" and any(
        p.search(text, item.start - 12 if item.start > 12 else 0, item.start) for p, _ in lexicon.counted
    )


def _without_unit(text: str, item: Found, lexicon: Lexicon) -> Numeral:
    """A numeral with no unit behind it: the sentence may supply one (发放资金7800)."""
    left = text[max(0, item.start - 16) : item.start]
    if item.number is not None and item.kind in ("plain", "han"):
        for pattern, cue in lexicon.supplied:
            if pattern.search(left + "\0" + text[item.start : item.end + 8]):
                return _quantity(text, item.start, item.number, _supplied_unit(item.end, cue.id, cue.value), lexicon)
    fate = "phrase" if item.kind == "han" else "mask_of_name" if item.number and item.number.masked else "unexplained"
    return Numeral(item.start, item.end, fate, f"quantities.{fate}")


def _quantity(text: str, start: int, number: Number, unit: Unit, lexicon: Lexicon) -> Numeral:
    """The quantity of a number and its unit, with the bounds around it."""
    end = unit.end
    factor = Decimal(str(unit.rule.factor)) * unit.scale
    rate = RATE.match(text, end)
    if rate and unit.rule.measure in ("yuan", "tonnes"):
        end = rate.end()
    measure: str = unit.rule.measure
    for pattern, cue in lexicon.people:
        if pattern.match(text, unit.start):
            measure = cue.value
    begin, end, qualifier = _bounds(text, start, end, unit.more, lexicon)
    if qualifier == "exact" and unit.rule.qualifier:
        qualifier = unit.rule.qualifier
    value = None if number.value is None else float((number.value + Decimal(str(unit.rule.plus))) * factor)
    low = None if number.low is None else float(number.low * factor)
    high = None if number.high is None else float(number.high * factor)
    if value is not None and qualifier == "over":
        low = value
    elif value is not None and qualifier == "under":
        high = value
    scale = closing_scale(text[start : unit.start])
    written = None if number.value is None else float(number.value * unit.scale / size_of(scale))
    quantity = Quantity(
        begin, end, written, scale, text[unit.start : unit.end], value, low, high, qualifier, number.masked, measure,
        unit.start, unit.end, unit.rule.id,
    )  # fmt: skip
    return Numeral(begin, end, "observation", unit.rule.id, quantity)


def _bounds(text: str, start: int, end: int, more: str, lexicon: Lexicon) -> tuple[int, int, str]:
    """What bounds the number on either side (近 约 余 以上 …), and the qualifier that it makes."""
    qualifier = "exact"
    if more:
        qualifier = "about" if more == SOME else "over"
    at = end + 1 if text[end : end + 1] == " " else end
    for word, cue in lexicon.after.get(text[at : at + 1], ()):
        if text.startswith(word, at):
            end, qualifier = at + len(word), cue.value
            break
    gap = 1 if text[start - 1 : start] == " " else 0
    for word, cue in lexicon.before.get(text[start - gap - 1 : start - gap], ()):
        if text.endswith(word, max(0, start - gap - len(word)), start - gap) and not _silenced(text, start - gap, cue):
            return start - gap - len(word), end, cue.value
    if qualifier == "exact":
        left = text[max(0, start - 20) : start]
        for pattern, cue in lexicon.verbs:
            if pattern.search(left):
                return start, end, cue.value
    return start, end, qualifier


@lru_cache(maxsize=64)
def _unless(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)


def _silenced(text: str, end: int, cue: CueRule) -> bool:
    return bool(cue.unless) and _unless(cue.unless).search(text, max(0, end - 6), end) is not None


def _fraction(text: str, item: Found, lexicon: Lexicon) -> Numeral:
    if item.number is None:
        return Numeral(item.start, item.end, "unexplained", "quantities.unexplained")
    return _quantity(text, item.start, item.number, _supplied_unit(item.end, "quantities.fraction", "percent"), lexicon)


def _supplied_unit(at: int, rule: str, measure: str) -> Unit:
    """A unit that is not written."""
    return Unit(at, at, UnitRule.model_construct(id=rule, measure=measure), "", Decimal(1))


def _range(text: str, found: list[Found], i: int, lexicon: Lexicon) -> Numeral | None:
    """3—5户, 90元至120元, 两千到三千元: one row with bounds and no value."""
    item = found[i]
    unit = _unit_at(text, item, lexicon)
    at = unit.end if unit else item.end
    dash = DASH.match(text, at)
    follower = next((f for f in found[i + 1 : i + 3] if dash and f.start == dash.end()), None)
    if follower is None or item.number is None or follower.number is None:
        return None
    last = _unit_at(text, follower, lexicon)
    if last is None or (unit and unit.rule.measure != last.rule.measure):
        return None
    first = unit or replace(last, more="")
    if not item.number.masked and not follower.number.masked and not _rises(item.number, first, follower.number, last):
        return None
    whole = _quantity(text, item.start, item.number, replace(last, start=first.start), lexicon)
    quantity = whole.quantity
    if quantity is None:
        return None
    masked = item.number.masked or follower.number.masked
    low = None if masked else _scaled(item.number, first if unit else last)
    high = None if masked else _scaled(follower.number, last)
    quantity = replace(
        quantity, number=None, value=None, low=low, high=high, qualifier="range", masked=masked,
        scale=closing_scale(text[follower.start : last.start]), unit=text[last.start : last.end], unit_start=last.start,
    )  # fmt: skip
    return replace(whole, quantity=quantity)


def _scaled(number: Number, unit: Unit) -> float | None:
    return None if number.value is None else float(number.value * Decimal(str(unit.rule.factor)) * unit.scale)


def _rises(low: Number, first: Unit, high: Number, last: Unit) -> bool:
    a, b = _scaled(low, first), _scaled(high, last)
    return a is not None and b is not None and a < b


def _shared_list(text: str, found: list[Found], i: int, lexicon: Lexicon) -> list[Numeral]:
    """3、5、8户: each number of the list is a quantity with the unit of the last."""
    members = [found[i]]
    while text[members[-1].end : members[-1].end + 1] == "、":
        follower = next((f for f in found[i + len(members) : i + len(members) + 1]), None)
        if follower is None or follower.start != members[-1].end + 1 or len(members) > 30:
            break
        members.append(follower)
    if len(members) < 2 or any(m.kind != "plain" or m.number is None for m in members):
        return []
    unit = _unit_at(text, members[-1], lexicon)
    if unit is None:
        return []
    bare = replace(unit, start=unit.start, more="")
    numerals = []
    for member in members[:-1]:
        if member.number is not None:
            one = _quantity(text, member.start, member.number, replace(bare, start=member.end, end=member.end), lexicon)
            if one.quantity is not None:
                numerals.append(replace(one, quantity=replace(one.quantity, unit=text[unit.start : unit.end])))
    return [*numerals, _single(text, members[-1], lexicon)]
