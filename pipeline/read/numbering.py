"""The numbers that Word computes for the paragraphs of a list: they stand in no paragraph, but every reader sees them.

After ECMA-376 part 1, 17.9: a paragraph, or its style, names a list (numId) and a level; numbering.xml says how the
numbers of that level look. Lists that share an abstract definition count on together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import regex

from pipeline.numerals import to_chinese

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
MOST = 10_000  # a list counts no further; what a hostile file asks for beyond is shown as this number
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
         (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
CHINESE = {"chineseCounting", "chineseCountingThousand", "chineseLegalSimplified", "ideographDigital",
           "ideographLegalTraditional", "japaneseCounting", "japaneseDigitalTenThousand", "japaneseLegal",
           "taiwaneseCounting", "taiwaneseCountingThousand", "taiwaneseDigital"}  # fmt: skip
ENCLOSED = {"decimalEnclosedCircle": 0x2460, "decimalEnclosedCircleChinese": 0x2460, "decimalEnclosedParen": 0x2474,
            "decimalEnclosedFullstop": 0x2488}  # fmt: skip
MOST_ENCLOSED = 20  # Unicode has ① to ⑳
WIDE = {ord(str(d)): chr(0xFF10 + d) for d in range(10)}
PLACE = regex.compile(r"%([1-9])")
AFTER = {"tab": "\t", "space": " ", "nothing": ""}


@dataclass(frozen=True, slots=True)
class Level:
    """How the numbers of one level of a list look."""

    start: int
    form: str
    text: str  # %1.%2
    after: str
    plain: bool  # all numbers in it in Arabic digits (isLgl)
    restarts: bool
    style: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One list (w:num): the definition it shares with others, its levels, and where it starts them anew."""

    shared: str
    levels: dict[int, Level]
    starts: dict[int, int]


@dataclass(slots=True)
class Lists:
    """The lists of a document, and how far each has counted."""

    plans: dict[str, Plan]
    styles: dict[str, tuple[str, int | None]]  # style -> (numId, level)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _started: set[tuple[str, int]] = field(default_factory=set)

    def label(self, paragraph: Element) -> str:
        """What Word shows before a paragraph; nothing if it stands in no list or has a bullet. Counts it."""
        number, level = self._place(paragraph.find(f"{W}pPr"))
        plan = self.plans.get(number)
        if plan is None or level not in plan.levels:
            return ""
        self._count(number, plan, level)
        shown = plan.levels[level]
        if shown.form == "bullet":
            return ""
        counts = self._counts[plan.shared]

        def write(m: regex.Match[str]) -> str:
            of = plan.levels.get(int(m[1]) - 1)
            if of is None:
                return ""
            return in_form(counts.get(int(m[1]) - 1, of.start), "decimal" if shown.plain else of.form)

        text = PLACE.sub(write, shown.text)
        # 一、 needs no gap before its heading; 1. and a number that begins the text must not run together.
        return text + ("" if text[-1:] in "、）" else AFTER.get(shown.after, "\t")) if text else ""

    def _place(self, properties: Element | None) -> tuple[str, int]:
        """(numId, level) of a paragraph: its own, else its style's."""
        if properties is None:
            return "", 0
        style_number, style_level = self.styles.get(_value(properties, "pStyle"), ("", None))
        own = properties.find(f"{W}numPr")
        number = (_value(own, "numId") if own is not None else "") or style_number
        level = _integer(_value(own, "ilvl")) if own is not None else None
        return number, level if level is not None else (style_level or 0)

    def _count(self, number: str, plan: Plan, level: int) -> None:
        counts = self._counts.setdefault(plan.shared, {})
        if level in plan.starts and (number, level) not in self._started:
            counts[level] = plan.starts[level]
        else:
            counts[level] = counts[level] + 1 if level in counts else plan.levels[level].start
        self._started.add((number, level))
        for deeper in [d for d in counts if d > level and (d not in plan.levels or plan.levels[d].restarts)]:
            del counts[deeper]


def in_form(number: int, form: str) -> str:
    """`number` as Word writes it in the number format `form`; formats that no report uses are written in digits."""
    number = max(0, min(number, MOST))
    if form in CHINESE:
        return to_chinese(number)
    if form in ENCLOSED and 1 <= number <= MOST_ENCLOSED:
        return chr(ENCLOSED[form] + number - 1)
    if form in WRITERS and number:
        return WRITERS[form](number)
    return "" if form == "none" else str(number)


def _letters(number: int) -> str:
    """a, b, … z, aa, bb: Word repeats the letter."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _roman(number: int) -> str:
    text = ""
    for value, letters in ROMAN:
        text += letters * (number // value)
        number %= value
    return text


WRITERS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda n: _letters(n).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda n: _roman(n).upper(),
    "decimalZero": lambda n: f"{n:02d}",
    "decimalFullWidth": lambda n: str(n).translate(WIDE),
}


def lists_of(numbering: Element | None, styles: Element | None) -> Lists:
    """The lists of a document, from the roots of numbering.xml and styles.xml; each may be None."""
    found_styles = dict(_styles(styles)) if styles is not None else {}
    if numbering is None:
        return Lists({}, {})
    shared = {_attribute(a, "abstractNumId"): a for a in numbering.iterfind(f"{W}abstractNum")}
    links = {_attribute(n, "numId"): _value(n, "abstractNumId") for n in numbering.iterfind(f"{W}num")}
    for name, abstract in list(shared.items()):  # a list that borrows the levels of a list style
        number = found_styles.get(_value(abstract, "numStyleLink"), ("", None))[0]
        shared[name] = shared.get(links.get(number, ""), abstract)
    plans = {}
    for num in numbering.iterfind(f"{W}num"):
        abstract = shared.get(_value(num, "abstractNumId"))
        if abstract is not None:
            plans[_attribute(num, "numId")] = _plan(num, abstract)
    return Lists(plans, {name: _leveled(name, place, plans) for name, place in found_styles.items()})


def _plan(num: Element, abstract: Element) -> Plan:
    levels = dict(_levels(abstract))
    starts = {}
    for override in num.iterfind(f"{W}lvlOverride"):
        level = _integer(_attribute(override, "ilvl")) or 0
        levels |= dict(_levels(override))
        start = _integer(_value(override, "startOverride"))
        if start is not None:
            starts[level] = start
    return Plan(_attribute(abstract, "abstractNumId"), levels, starts)


def _levels(parent: Element) -> Iterator[tuple[int, Level]]:
    for lvl in parent.iterfind(f"{W}lvl"):
        number = _integer(_attribute(lvl, "ilvl")) or 0
        if 0 <= number < LEVELS:
            start = _integer(_value(lvl, "start"))
            yield number, Level(
                1 if start is None else start, _value(lvl, "numFmt") or "decimal", _value(lvl, "lvlText")[:40],
                _value(lvl, "suff") or "tab", _on(lvl.find(f"{W}isLgl")), _value(lvl, "lvlRestart") != "0",
                _value(lvl, "pStyle"),
            )  # fmt: skip


def _styles(styles: Element) -> Iterator[tuple[str, tuple[str, int | None]]]:
    """Every style that puts its paragraphs into a list, itself or through the style that it is based on."""
    known = {_attribute(s, "styleId"): s for s in styles.iterfind(f"{W}style")}
    for name in known:
        at, seen = name, set[str]()
        while at in known and at not in seen:
            seen.add(at)
            found = known[at].find(f"{W}pPr/{W}numPr")
            if found is not None:
                yield name, (_value(found, "numId"), _integer(_value(found, "ilvl")))
                break
            at = _value(known[at], "basedOn")


def _leveled(style: str, place: tuple[str, int | None], plans: dict[str, Plan]) -> tuple[str, int | None]:
    """The level that is bound to a style where the style itself names none."""
    number, level = place
    bound = [at for at, lvl in plans[number].levels.items() if lvl.style == style] if number in plans else []
    return number, bound[0] if bound and level is None else level


def _attribute(element: Element, name: str) -> str:
    value: str = element.get(f"{W}{name}", "")
    return value


def _value(element: Element, child: str) -> str:
    """The w:val of a child element; empty if there is none."""
    found = element.find(f"{W}{child}")
    return "" if found is None else _attribute(found, "val")


def _integer(text: str) -> int | None:
    return int(text) if regex.fullmatch(r"[0-9]{1,6}", text) else None


def _on(element: Element | None) -> bool:
    """Whether a switch of Word is on: <w:isLgl/> is, <w:isLgl w:val="0"/> is not."""
    return element is not None and _attribute(element, "val") not in {"0", "false", "off"}
