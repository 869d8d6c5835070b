"""Which code a place has, judged by what its report names: never by what is likely.

A division (县, 市, 区 …) that has one code in the report's year takes it. 朝阳区 and the like, and every township, take
the one that lies in what the report names: directly before it, else in its title or signature, else in its text; where
two lie there alike there is no code. A township that the gazetteer does not list takes the code of the county that the
text puts directly before it, a village the code of its township.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import regex

from pipeline.attributes.names import Name, names_between, names_in, pattern_of, words_of
from pipeline.gazetteer import COUNTY, TOWNSHIP, Gazetteer, load_gazetteer
from pipeline.records import Report
from pipeline.rules import RuleSet

# How surely a division that is named is the report's own: it is another's, it stands in the text, in the title or the
# signature, directly before the report's place.
ELSEWHERE, BODY, HEAD, DIRECT = 0, 1, 2, 3
NEAR = 10  # code points around a name in which 赴 or 结对 says that it is another's
YEAR = regex.compile(r"(?<![0-9-])[0-9]{4}")
UNKNOWN = ""  # the code of a place that the text names and the gazetteer does not know
DIVISIONS = ("county", "above")

Stretch = tuple[str, tuple[Name, ...], int]  # a text, its names, and the tier of what it names


@dataclass(frozen=True, slots=True)
class Mention:
    """A division that is named, with the codes that it may have."""

    name: str
    codes: tuple[str, ...]
    tier: int
    weak: bool  # a word too: needs more than itself


@dataclass(frozen=True, eq=False)
class Scope:
    """What one report names, for resolving the places in it."""

    report: Report
    level: str  # of the report's place
    year: int | None
    gazetteer: Gazetteer
    weak: frozenset[str]  # names that are words too: 新城区, 和县
    named: Mapping[str, int]  # code of 6 digits -> the best tier of its mentions
    called: Mapping[str, str]  # code of 6 digits -> its name in the report
    outers: Mapping[str, frozenset[str]]  # name -> the codes of what the report puts directly before it
    outer_at: Mapping[int, str]  # the same by where the name begins in the text
    township: str | None  # the only one that the report names

    def code_at(self, name: Name) -> str | None:
        """The code of a place in the report's text; None if it is unknown or ambiguous."""
        return self.code(name.text, name.level, self.outer_at.get(name.start))

    def code(self, name: str, level: str, outer: str | None = None) -> str | None:
        """The code of a place by its name; `outer`: the code of what stands directly before it."""
        if name == self.report.place and self.report.adcode:
            return self.report.adcode
        if outer is not None:
            return self._inside(name, level, outer)
        # Named alone: what the report says directly before it elsewhere must agree with what else it names.
        outers = self.outers.get(name, frozenset())
        found = {self._inside(name, level, outer) for outer in outers}
        if not outers or level != "village":
            found.add(self._alone(name, level) or next(iter(found), None))
        return found.pop() if len(found) == 1 else None

    def _inside(self, name: str, level: str, outer: str) -> str | None:
        """The code of a place in the place `outer`. There are no villages in the gazetteer, and not all townships: a
        village takes the code of its township, a township that is not listed that of its county.
        """
        if level == "village" or outer == UNKNOWN:
            return outer if len(outer) == TOWNSHIP else None
        listed = level == "town"
        codes = self.gazetteer.townships.get(name, ()) if listed else self.gazetteer.codes(name, self.year)
        inside = [c for c in codes if outer in self.gazetteer.above(c, self.year)]
        if listed and not inside and _is_county(outer):
            return outer
        return inside[0] if len(inside) == 1 else None

    def _alone(self, name: str, level: str) -> str | None:
        if level == "village":
            return self._village(name)
        return self._township(name) if level == "town" else self._division(name)

    def superior(self, ending: str) -> tuple[str, str] | None:
        """Name and code of the division with this `ending` that the report's place lies in, if the report names it."""
        code = self.report.adcode or ""
        above = [c for c in self.gazetteer.above(code, self.year) if self.called.get(c, "").endswith(ending)]
        return (self.called[above[0]], above[0]) if len(above) == 1 else None

    def _division(self, name: str) -> str | None:
        codes = self.gazetteer.codes(name, self.year)
        if len(codes) == 1 and name not in self.weak:
            return codes[0]
        own = self.report.adcode or ""
        around = dict.fromkeys((own, *self.gazetteer.above(own, self.year)), DIRECT)
        return _supported(codes, {**self.named, **around}, self)

    def _township(self, name: str) -> str | None:
        """Only within a county that the report names, or within a prefecture of which it names no county."""
        homes = {c: t for c, t in self.named.items() if _is_county(c)}
        covered = {c for home in homes for c in self.gazetteer.above(home, self.year)}
        homes |= {c: t for c, t in self.named.items() if c not in covered and not c.endswith("0000")}
        return _supported(self.gazetteer.townships.get(name, ()), homes, self)

    def _village(self, name: str) -> str | None:
        """Only within a known township: the report's own place, else the only one that the report names."""
        if name == self.report.place or not self.report.place:
            return self.township
        code = self.report.adcode or ""
        return code if self.level == "town" and len(code) == TOWNSHIP else None


def code_of_report(text: str, report: Report, rules: RuleSet) -> str | None:
    """The code of the report's place; None if it is unknown or ambiguous."""
    place = report.place or ""
    names = names_in(place, rules)
    if not names or names[-1].end != len(place):
        return None  # a masked name (xx村), or none at all
    scope = scope_of(text, report, rules)
    return scope.code(names[-1].text, names[-1].level, _chain_codes(names, scope)[-1])


@lru_cache(maxsize=16)
def scope_of(text: str, report: Report, rules: RuleSet) -> Scope:
    """What `report` (offsets in `text`) names."""
    heads = [head for head in (report.title, report.issuer) if head]
    stretches: list[Stretch] = [(head, names_in(head, rules), HEAD) for head in heads]
    stretches.append((text, names_between(text, rules, report.start, report.end), BODY))
    place = names_in(report.place or "", rules)
    level = place[-1].level if place else ""
    scope = Scope(report, level, _year(report), load_gazetteer(), words_of(rules).weak, {}, {}, {}, {}, None)
    scope = _with_named(scope, [m for stretch in stretches for m in _mentions(stretch, scope, rules)])
    return _with_chains(scope, stretches, rules)


def _year(report: Report) -> int | None:
    """The year that the report speaks of; None if it is unknown or masked."""
    for edtf in (report.period, report.report_date):
        if edtf and (years := YEAR.findall(edtf)):
            return int(years[-1])  # of 2014/2020 the later, in which it is written
    return None


def _mentions(stretch: Stretch, scope: Scope, rules: RuleSet) -> list[Mention]:
    """The divisions that a text names."""
    text, names, tier = stretch
    found: list[Mention] = []
    outer: tuple[str, ...] = ()  # the codes of the division that ends where the next name may begin
    for i, name in enumerate(names):
        codes = scope.gazetteer.codes(name.text, scope.year) if name.level in DIVISIONS else ()
        inside = tuple(
            c for c in codes if name.lead == "chain" and set(scope.gazetteer.above(c, scope.year)) & {*outer}
        )
        following = names[i + 1] if i + 1 < len(names) and names[i + 1].lead == "chain" else None
        around = _containing(inside or codes, following, scope)
        outer = around or inside or codes
        if not outer:
            continue
        direct = following is not None and following.text == scope.report.place
        mine = DIRECT if direct else ELSEWHERE if is_elsewhere(text, name, rules) else tier
        weak = not (inside or around) and name.text in scope.weak
        found.append(Mention(name.text, outer, mine, weak))
    return found


def _containing(codes: Sequence[str], following: Name | None, scope: Scope) -> tuple[str, ...]:
    """Those of `codes` that hold the place which directly follows: 鼓楼区 in 鼓楼区华侨街道."""
    if following is None or following.level == "village":
        return ()
    parts: Iterable[str] = scope.gazetteer.townships.get(following.text, ())
    if following.level in DIVISIONS:
        parts = scope.gazetteer.codes(following.text, scope.year)
    over = {code for part in parts for code in scope.gazetteer.above(part, scope.year)}
    return tuple(c for c in codes if c in over)


def is_elsewhere(text: str, name: Name, rules: RuleSet) -> bool:
    """Whether the text around a name says that it is the place of another: 赴昆山市考察, 昆山市对口帮扶."""
    before, after = text[max(0, name.start - NEAR) : name.start], text[name.end : name.end + NEAR]
    return bool(pattern_of(rules, "toward").search(before) or pattern_of(rules, "partner").match(after))


def _with_named(scope: Scope, mentions: Sequence[Mention]) -> Scope:
    """`scope` with the codes of what is named: of names with one code at once, of others where these support one."""
    sure: dict[str, int] = {}
    called: dict[str, str] = {}
    for m in mentions:
        if len(m.codes) == 1 and not m.weak and m.tier:
            sure[m.codes[0]] = max(m.tier, sure.get(m.codes[0], 0))
            called[m.codes[0]] = m.name
    own = scope.report.adcode or ""
    sure |= {code: DIRECT for code in (own, *scope.gazetteer.above(own, scope.year)) if _is_county(code)}
    named = dict(sure)
    for m in mentions:
        if m.tier and (len(m.codes) > 1 or m.weak) and (code := _supported(m.codes, sure, scope)):
            named[code] = max(m.tier, named.get(code, 0))
            called[code] = m.name
    return replace(scope, named=named, called=called)


def _with_chains(scope: Scope, stretches: Sequence[Stretch], rules: RuleSet) -> Scope:
    """`scope` with what is said directly before each name, and the only township that is named, if there is one."""
    outers: dict[str, set[str]] = defaultdict(set)
    outer_at: dict[int, str] = {}
    towns: set[str | None] = set()
    for text, names, tier in stretches:
        for name, outer in zip(names, _chain_codes(names, scope), strict=True):
            if outer is not None:
                outers[name.text].add(outer)
                if tier == BODY:
                    outer_at[name.start] = outer
            if name.level == "town" and not is_elsewhere(text, name, rules):
                towns.add(scope.code(name.text, "town", outer))
    town = next(iter(towns)) if len(towns) == 1 else None
    return replace(
        scope,
        outers={name: frozenset(codes) for name, codes in outers.items()},
        outer_at=outer_at,
        township=town if town and len(town) == TOWNSHIP else None,
    )


def _chain_codes(names: Sequence[Name], scope: Scope) -> list[str | None]:
    """For each of `names` the code of the name that it directly follows; None where it follows none."""
    outers: list[str | None] = []
    for i, name in enumerate(names):
        before = names[i - 1] if i and name.lead == "chain" else None
        code = scope.code(before.text, before.level, outers[i - 1]) if before else None
        outers.append(code or UNKNOWN if name.lead in ("chain", "masked") else None)
    return outers


def _supported(codes: Sequence[str], named: Mapping[str, int], scope: Scope) -> str | None:
    """The one of `codes` that lies in what is named; of several the one that lies in all that the others lie in, and
    in more (大冶市 before the rest of 黄石市). Only what is named most surely counts.
    """
    homes = {code: {code, *scope.gazetteer.above(code, scope.year)} & named.keys() for code in codes}
    best = max((named[h] for found in homes.values() for h in found), default=ELSEWHERE)
    homes = {code: {h for h in found if named[h] == best} for code, found in homes.items()}
    first = max(homes, key=lambda code: len(homes[code]), default="")
    if best == ELSEWHERE or any(not found < homes[first] for code, found in homes.items() if code != first):
        return None
    return first


def _is_county(code: str) -> bool:
    return len(code) == COUNTY and not code.endswith("00")
