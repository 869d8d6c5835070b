"""Reads the numerals that no rule claims: one number, a range, a list that shares a unit, an amount in two units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.numerals import (
    BLANK,
    DIGITS,
    FORMAL,
    LIST_SIGNS,
    ONE,
    RANGE_SIGNS,
    SCALES,
    Found,
    Number,
    closing_scale,
    size_of,
)
from pipeline.quantities.lexicon import Lexicon
from pipeline.quantities.units import Unit, quantity_of, unit_at, unwritten
from pipeline.records import Numeral
from pipeline.rules import CueRule

MOST_MEMBERS = 30  # of a list that shares a unit
LEFT, RIGHT = 24, 12  # characters that a rule sees on either side of a number without a unit
COUNT_REACH = 12  # characters before or behind 一个 that say whether it counts
IN_PARTS = frozenset({"yuan", "mu", "metres", "tonnes"})  # measures whose amounts are written in two units: 3元5角
SMALL_MEMBER = 1000  # of a list in 万元: 分别为500、800万元
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Page:
    """A text, its numerals, what claims them, and the units that a table's head gives them (by where they start)."""

    text: str
    found: Sequence[Found]
    claimed: Sequence[CueRule | None]
    heads: Mapping[int, Unit]
    lexicon: Lexicon

    def at(self, i: int, start: int) -> Found | None:
        """Numeral `i`, if there is one, it begins at `start`, and no rule claims it."""
        if i < len(self.found) and self.found[i].start == start and self.claimed[i] is None:
            return self.found[i]
        return None


def read_numeral(page: Page, i: int) -> list[Numeral]:
    """What numeral `i` is: one row, the rows of a list, or a reason why it is none."""
    text, item = page.text, page.found[i]
    unit = _percent(item) if item.kind == "fraction" else unit_at(text, item, page.lexicon)
    if unit and i + 1 < len(page.found) and page.found[i + 1].start < unit.end < page.found[i + 1].end:
        unit = None  # 五|两三户: the sign of the unit begins the next numeral
    char = text[unit.end : unit.end + 1] if unit else text[item.end : item.end + 1]
    if char in RANGE_SIGNS and (spanned := _range(page, i, unit)):
        return [spanned]
    if unit is None:
        if item.kind == "factor":
            return _factors(page, i)
        if char in LIST_SIGNS and (shared := _shared_list(page, i)):
            return shared
        return [_without_unit(page, item)]
    if not counts(text, item, unit, page.lexicon):
        return [Numeral(item.start, item.end, _reason(item), unit.rule.id)]
    row = quantity_of(text, item.start, item.number or Number(None, masked=True), unit, page.lexicon)
    if row.end == unit.end and page.at(i + 1, unit.end) and row.quantity and row.quantity.measure in IN_PARTS:
        row = _with_parts(page, i, unit, row)
    if item.kind == "bare" and row.quantity and row.quantity.qualifier == "exact":
        return [Numeral(item.start, item.end, "phrase", "quantities.bare")]
    return [row]


def _percent(item: Found) -> Unit:
    return unwritten(item.end, "quantities.fraction", "percent")


def counts(text: str, item: Found, unit: Unit, lexicon: Lexicon) -> bool:
    """Whether a number with its unit counts something: 建成一个垃圾池 does, 一个重要方面 does not, nor does 某人."""
    number, strength = item.number, unit.rule.strength
    if number is None or (item.kind == "dashes" and text[item.end] in BLANK):
        return False
    if strength == "faint" and number.masked and number.low is None and unit.end - unit.start > 1:
        return False  # x党员, xx项目: a name is blanked out
    if item.kind != "han" or item.end - item.start > 1:
        return item.kind != "rest" or unit.rule.measure != "other"
    sign = text[item.start]
    if sign in FORMAL:
        return strength == "strong"
    if sign != ONE or strength == "strong":
        return True
    if any(p.match(text, unit.end) for p, _ in lexicon.counted_after):
        return True
    return strength == "weak" and _counted_before(text, item.start, lexicon)


def _counted_before(text: str, at: int, lexicon: Lexicon) -> bool:
    start = max(0, at - COUNT_REACH)
    return any(p.search(text, start, at) for p, _ in lexicon.counted)


def _reason(item: Found) -> str:
    """Why a number with a unit counts nothing."""
    return "mask_of_name" if item.number and item.number.masked else "code" if item.kind == "rest" else "phrase"


def _without_unit(page: Page, item: Found) -> Numeral:
    """A numeral with no unit behind it: a table's head or the sentence may supply one (发放资金7800)."""
    text, number, lexicon = page.text, item.number, page.lexicon
    head = page.heads.get(item.start)
    if number is not None and head is not None:
        return quantity_of(text, item.start, number, head, lexicon)
    if number is not None and item.kind in ("plain", "han"):
        seen = text[max(0, item.start - LEFT) : item.start] + "\0" + text[item.start : item.end + RIGHT]
        for pattern, cue in lexicon.supplied:
            if pattern.search(seen):
                return quantity_of(text, item.start, number, unwritten(item.end, cue.id, cue.value), lexicon)
        for pattern, cue in lexicon.unknown:
            if item.kind == "plain" and (word := pattern.match(text, item.end)):
                unit = unwritten(item.end, cue.id, cue.value)._replace(end=word.end())
                return quantity_of(text, item.start, number, unit, lexicon)
    for pattern, cue in lexicon.alone:
        if (match := pattern.match(text, item.start)) and match.end() >= item.end:
            return Numeral(item.start, item.end, cue.value, cue.id)
    fate = _fate_of_bare(item)
    return Numeral(item.start, item.end, fate, f"quantities.{fate}")


def _fate_of_bare(item: Found) -> str:
    """What a number is that neither a unit nor a rule explains: one Chinese sign alone is part of a word."""
    if item.number is not None and item.number.masked:
        return "mask_of_name"
    if item.kind == "rest":
        return "code"
    one = item.kind == "bare" or (item.kind == "han" and item.end - item.start == 1)
    return "phrase" if one else "unexplained"


def _range(page: Page, i: int, unit: Unit | None) -> Numeral | None:
    """3—5户, 90元至120元, 2—3万元, 百分之三十至四十: one row with bounds and no value."""
    text, item, lexicon = page.text, page.found[i], page.lexicon
    dash = lexicon.dash.match(text, unit.end if unit else item.end)
    follower = page.at(i + 1, dash.end()) if dash else None
    if follower is None or item.number is None or follower.number is None:
        return None
    last = _last_unit(page, i, follower)
    if last is None or (unit and not _same(text, unit, last)):
        return None
    if unit and unit.end > unit.start and _changes(text, item, last, lexicon):
        return None
    low = _low(text, item, unit, follower, last)
    high = _edge(follower.number, last, lowest=False)
    if low is not None and high is not None and low >= high:
        return None
    masked = item.number.masked or follower.number.masked
    row = quantity_of(text, item.start, Number(None, masked=masked, qualifier="range"), last, lexicon)
    if row.quantity is None:
        return None
    scale = closing_scale(text[follower.start : last.start])
    return row._replace(quantity=row.quantity._replace(low=low, high=high, scale=scale))


def _changes(text: str, item: Found, last: Unit, lexicon: Lexicon) -> bool:
    """由3万元到5万元 says two numbers, 从3万元到5万元不等 one range."""
    before = lexicon.change.search(text, max(0, item.start - LEFT), item.start)
    return before is not None and not lexicon.spread.match(text, last.end)


def _last_unit(page: Page, i: int, follower: Found) -> Unit | None:
    """The unit of the upper bound; of 百分之三十至四十 it is not written."""
    if follower.kind == "fraction":
        return _percent(follower)
    last = unit_at(page.text, follower, page.lexicon)
    if page.found[i].kind == "fraction":
        return _percent(follower) if last is None else None
    return last


def _same(text: str, first: Unit, last: Unit) -> bool:
    """Whether two units measure the same: metres and kilometres do, days and times do not."""
    if first.rule.measure != last.rule.measure:
        return False
    return first.rule.measure != "other" or text[first.start : first.end] == text[last.start : last.end]


def _low(text: str, item: Found, unit: Unit | None, follower: Found, last: Unit) -> float | None:
    """The lower bound, which shares the scale of the upper one where it has none: 2—3万, 三至五百."""
    number = item.number
    if number is None or unit is not None:
        return number and _edge(number, unit or last, lowest=True)
    first, second = text[item.start : item.end], text[follower.start : follower.end]
    scale = closing_scale(second)
    if not scale and len(second) == 2 and second[1] in SCALES and SCALES[second[1]] >= 100 and first in DIGITS:
        scale = second[1]
    top = follower.number.value if follower.number else None
    if scale and top is not None and number.value is not None and _has_no_scale(text, item):
        shared = number.value * size_of(scale)
        if shared < top:
            return float(shared * last.factor)
    return _edge(number, last, lowest=True)


def _edge(number: Number, unit: Unit, *, lowest: bool) -> float | None:
    edge = number.value if number.value is not None else number.low if lowest else number.high
    return None if edge is None else float(edge * unit.factor)


def _shared_list(page: Page, i: int) -> list[Numeral]:
    """3、5、8户, 分别为3、5和8万元: each number of the list is a row with the unit, and the scale, of the last."""
    text, lexicon = page.text, page.lexicon
    members = [page.found[i]]
    while len(members) <= MOST_MEMBERS:
        sign = lexicon.joint.match(text, members[-1].end)
        follower = page.at(i + len(members), sign.end()) if sign else None
        if follower is None:
            break
        members.append(follower)
    last = members[-1]
    unit = unit_at(text, last, lexicon) if len(members) > 1 and _are_listed(text, members, lexicon) else None
    if unit is None or last.number is None or any(m.number is None for m in members):
        return []
    scale = closing_scale(text[last.start : last.end])
    rows = [_member(text, member, unit, scale, lexicon) for member in members[:-1]]
    return [*rows, quantity_of(text, last.start, last.number, unit, lexicon)]


def _are_listed(text: str, members: Sequence[Found], lexicon: Lexicon) -> bool:
    """Whether numbers are a list of amounts: Chinese ones only where that is said (分别为三、五、八户)."""
    kinds = {m.kind for m in members}
    start = members[0].start
    if kinds <= {"plain"}:
        return True
    return kinds <= {"plain", "han"} and lexicon.each.search(text, max(0, start - LEFT), start) is not None


def _member(text: str, member: Found, unit: Unit, scale: str, lexicon: Lexicon) -> Numeral:
    """One number of a list, with the unit of the last: it shares the scale too where it has none and is small."""
    number = member.number or Number(None)
    bare = unit._replace(start=member.end, end=member.end, more="")
    if scale and number.value is not None and number.value < SMALL_MEMBER and _has_no_scale(text, member):
        bare = bare._replace(scale=unit.scale * size_of(scale))
    return _with_unit_of(text, quantity_of(text, member.start, number, bare, lexicon), unit)


def _has_no_scale(text: str, item: Found) -> bool:
    return SCALES.keys().isdisjoint(text[item.start : item.end])


def _with_unit_of(text: str, row: Numeral, unit: Unit) -> Numeral:
    """The row with a unit that is written further on."""
    return row._replace(quantity=row.quantity and row.quantity._replace(unit=text[unit.start : unit.end]))


def _factors(page: Page, i: int) -> list[Numeral]:
    """3×5米: both numbers have the unit of the last."""
    last = next((f for f in page.found[i + 1 : i + 3] if f.kind != "factor"), None)
    unit = unit_at(page.text, last, page.lexicon) if last else None
    item = page.found[i]
    if unit is None or item.number is None:
        return [Numeral(item.start, item.end, "unexplained", "quantities.unexplained")]
    bare = unit._replace(start=item.end, end=item.end, more="")
    return [_with_unit_of(page.text, quantity_of(page.text, item.start, item.number, bare, page.lexicon), unit)]


def _with_parts(page: Page, i: int, unit: Unit, row: Numeral) -> Numeral:
    """3元5角2分, 3公里500米, 两块五: an amount in two units is one number."""
    quantity, text = row.quantity, page.text
    if quantity is None or quantity.value is None or quantity.qualifier != "exact":
        return row
    total, end, least, rule = Decimal(str(quantity.value)), unit.end, unit.factor, unit.rule
    j = i + 1
    while (part := page.at(j, end)) is not None and part.number is not None and part.number.value is not None:
        smaller = unit_at(text, part, page.lexicon, quantity.measure)
        if smaller is None:
            if not _tenth(page, part, end == unit.end):
                break
            total, end = total + part.number.value * TENTH * least, part.end
            break
        if smaller.factor >= least or smaller.more or part.number.value * smaller.factor >= least:
            break
        total, end, least = total + part.number.value * smaller.factor, smaller.end, smaller.factor
        rule = smaller.rule
        j += 1
    if end == unit.end:
        return row
    number = Number(total / unit.factor)
    whole = unit._replace(end=end, kind=unit.kind._replace(rule=rule))
    return quantity_of(text, page.found[i].start, number, whole, page.lexicon)


def _tenth(page: Page, part: Found, first: bool) -> bool:
    """两块五, 一米七: one digit behind the unit is a tenth of it, if nothing follows that it could count."""
    text = page.text
    if not first or part.end - part.start != 1 or text[part.start] not in DIGITS:
        return False
    return page.lexicon.tenth.match(text, part.start) is not None
