"""The unit behind a number, what bounds the two, and the quantity that they make."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.numerals import BLANK, LARGE, LARGEST, MONEY_SIGNS, MORE, SOME, Found, Number, closing_scale, size_of
from pipeline.quantities.lexicon import Kind, Lexicon
from pipeline.records import Numeral, Quantity
from pipeline.rules import UnitRule

ONCE, NOTHING = Decimal(1), Decimal(0)
MOST_SCALES = 2  # that may stand before a unit: 亿亿亿… is damage
VERB_REACH = 20  # characters before a number in which a verb may bound it
SILENT_REACH = 6  # characters before a bound that may silence it: 签|约30户
JOINS_UNIT = BLANK | MORE | LARGE.keys()
PERCENT = "percent"
SLASHES = frozenset("/／ ")


class Unit(NamedTuple):
    """A unit in the text, with the 余 or 多 before it, and the scale between the two (18万余|元)."""

    start: int
    end: int
    kind: Kind
    more: str = ""
    scale: Decimal = ONCE

    @property
    def rule(self) -> UnitRule:
        """The rule of the unit."""
        return self.kind.rule

    @property
    def factor(self) -> Decimal:
        """Takes the number to the canonical unit."""
        return self.kind.factor * self.scale


def unwritten(at: int, rule: str, measure: str) -> Unit:
    """A unit that is not written, at `at`."""
    return Unit(at, at, _kind_of(rule, measure))


@lru_cache(maxsize=64)
def _kind_of(rule: str, measure: str) -> Kind:
    return Kind(UnitRule.model_construct(id=rule, measure=measure), ONCE, NOTHING, plain=True)


def unit_at(text: str, item: Found, lexicon: Lexicon, measure: str | None = None) -> Unit | None:
    """The unit behind a numeral: 200|余份, 709| 人, 8万|余册, 18万余|元, 一|个半月; if given, one of `measure`."""
    at = item.end
    char = text[at : at + 1]
    if char in lexicon.lengths and (found := _word_at(text, at, item, ONCE, lexicon, measure)):
        return found
    if char not in JOINS_UNIT:
        return None
    more, scale = "", ONCE
    at += char in BLANK
    if text[at : at + 1] in MORE:
        more, at = text[at], at + 1
        at += text[at : at + 1] in BLANK
    for _ in range(MOST_SCALES):
        if text[at : at + 1] not in LARGE:
            break
        scale *= LARGE[text[at]]
        at += 1
        if not more and text[at : at + 1] in MORE:
            more, at = text[at], at + 1
    if item.number and (item.number.value or ONCE) * scale > LARGEST:
        return None
    at += text[at : at + 1] in BLANK
    if text[at : at + 1] in BLANK:  # 六   个百分点; any other unit so far off is in a cell of its own
        at = min(at + 3, len(text) - len(text[at:].lstrip()))
        measure = PERCENT
    found = _word_at(text, at, item, scale, lexicon, measure)
    return found and found._replace(more=more, scale=scale)


def _word_at(text: str, at: int, item: Found, scale: Decimal, lexicon: Lexicon, measure: str | None) -> Unit | None:
    """The longest unit that begins at `at`."""
    for length in lexicon.lengths.get(text[at : at + 1], ()):
        word = text[at : at + length]
        if word not in lexicon.units or len(word) < length:
            continue
        for kind in lexicon.units[word]:
            rule = kind.rule
            if rule.strength == "part" if measure is None else rule.measure != measure:
                continue
            if (rule.least or rule.most) and not _within(text, item, scale, rule):
                continue
            return Unit(at, at + length, kind)
    return None


def _within(text: str, item: Found, scale: Decimal, rule: UnitRule) -> bool:
    """Whether the number is large and small enough for the unit; a masked one counts as one of its scale."""
    size = item.number.value if item.number else None
    if size is None:
        size = size_of(closing_scale(text[item.start : item.end]))
    return rule.least <= size * scale <= (rule.most or size * scale)


def quantity_of(text: str, start: int, number: Number, unit: Unit, lexicon: Lexicon) -> Numeral:
    """The quantity of a number and its unit, with the bounds around it."""
    unit_start, end, kind, more, unit_scale = unit
    rule = kind.rule
    measure: str = rule.measure
    word = text[unit_start:end]
    if word and word[0] in lexicon.reread:
        for pattern, cue in lexicon.reread[word[0]]:
            if pattern.match(text, unit_start):
                measure = cue.value
                break
    if word and text[end : end + 1] in SLASHES and (rate := lexicon.per.match(text, end)):
        end = rate.end()
    said = number.qualifier
    if more and said == "exact":
        said = "about" if more == SOME else "over"
    begin, end, qualifier = _bounds(text, start, end, said, rule.qualifier, lexicon)
    value, low, high = _figures(number, kind, unit_scale)
    if value is not None and qualifier == "over":
        low = value
    elif value is not None and qualifier == "under":
        high = value
    scale = _scale_before(text, start, unit_start)
    written = value
    if number.value is not None and (scale or not kind.plain or unit_scale is not ONCE):
        written = float((number.value + kind.plus) * unit_scale / size_of(scale))
    quantity = Quantity(
        begin, end, written, scale, word, value, low, high, qualifier, number.masked, measure,
        unit_start, unit.end, rule.id,
    )  # fmt: skip
    return Numeral(begin, end, "observation", rule.id, quantity)


def _figures(number: Number, kind: Kind, scale: Decimal) -> tuple[float | None, float | None, float | None]:
    """Value, low and high in the canonical unit."""
    value, low, high, *_ = number
    if low is None and high is None and kind.plain and scale is ONCE:
        return None if value is None else float(value), None, None
    factor, plus = kind.factor * scale, kind.plus
    return (
        None if value is None else float((value + plus) * factor),
        None if low is None else float((low + plus) * factor),
        None if high is None else float((high + plus) * factor),
    )


def _scale_before(text: str, start: int, end: int) -> str:
    """The scale that a number carries over to its unit: 万 of 190万元."""
    near = text[end - 2 : end]
    if near[-1:] in LARGE or near[:1] in LARGE:
        return closing_scale(text[start:end])
    return ""


def _bounds(text: str, start: int, end: int, said: str, of_unit: str, lexicon: Lexicon) -> tuple[int, int, str]:
    """What bounds the number on either side (近 约 余 以上 …), and the qualifier that it makes."""
    qualifier = said
    at = end + 1 if text[end : end + 1] == " " else end
    for word, cue, unless in lexicon.after.get(text[at : at + 1], ()):
        if text.startswith(word, at) and not (unless and unless.match(text, at + len(word))):
            end, qualifier = at + len(word), cue.value
            break
    start -= text[start - 1 : start] in MONEY_SIGNS
    near = start - 1 if text[start - 1 : start] == " " else start
    for word, cue, unless in lexicon.before.get(text[near - 1 : near], ()):
        begin = near - len(word)
        if begin >= 0 and text.startswith(word, begin):
            if unless and unless.search(text, max(0, begin - SILENT_REACH), near):
                continue
            start, qualifier = begin, cue.value
            break
    if said == "range":
        return start, end, said
    if qualifier == "exact":
        qualifier = of_unit or _said_by_verb(text, start, lexicon)
    return start, end, qualifier


def _said_by_verb(text: str, start: int, lexicon: Lexicon) -> str:
    """The bound that a verb before the number sets, outside the span: 突破|80万元."""
    verb = lexicon.verbs.search(text, max(0, start - VERB_REACH), start)
    return lexicon.verb_cues[verb.lastindex - 1].value if verb and verb.lastindex else "exact"
