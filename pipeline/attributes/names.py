"""The names of places in a text: found by their endings (村, 镇, 县 …), read leftwards from there.

A name is believed if the gazetteer knows it, or if it stands somewhere in the text between a beginning (a mark, 其中,
在) and what follows a name (a mark, a number, 共有, 脱贫); so 硬化村道 and 深入村组 name no village. Where it begins is
told by what stands before it, or by where the text names it elsewhere (推进石桥村 beside 石桥村脱贫8户).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import regex

from pipeline.attributes.cues import book_of, find_hits
from pipeline.attributes.finder import Hit
from pipeline.gazetteer import TAIL, load_gazetteer
from pipeline.rules import RuleSet

LEVELS = ("village", "town", "county", "above")  # of the endings, from the smallest upwards
LONGEST_KNOWN = 15  # code points: 双江拉祜族佤族布朗族傣族自治县
SURE = 3  # code points from which on a name that the gazetteer knows is believed wherever it may begin; 新镇 is not
SHORTEST_NEW, LONGEST_NEW = 2, 6  # of a name that the gazetteer does not know, without its ending; 强村 is a word
REACH = 10  # how far left of an ending its name and the word before it may begin, where no mark stands nearer
HAN = regex.compile(r"\p{Han}*+")
DIGIT = regex.compile(r"[0-9]")
# The item before a 、 that touches what follows.
ITEM = regex.compile(r"(?P<item>[^，,；;。：:（）()\s、]{2,20})、$")
ITEM_REACH = 22
DATED = regex.compile(r"[0-9xX*_]")  # before 年: 2019年, 20__年


class Name(NamedTuple):
    """A name of a place in a text.

    `lead` is what stands before it: mark (punctuation, a line's start), subject (其中, 在), verb (走访), soft (为),
    edge (根据), joint (和), chain (directly another name), masked (the ending of a name that was blanked out: xx镇),
    list (another name and 和), other (anything else). `listed`: one of several in a row.
    """

    start: int
    end: int
    text: str
    level: str
    lead: str
    known: bool  # to the gazetteer
    listed: bool = False


@dataclass(frozen=True, eq=False)
class Words:
    """The words of rules/place.toml around names."""

    leads: Mapping[str, str]  # word -> subject, dated, verb, soft, edge or joint
    longest: int  # code points of the longest of them
    last: frozenset[str]  # the last code point of each of them
    generic: frozenset[str]  # endings with the word before them that makes them none of a name: 贫困村
    frame: regex.Pattern[str]  # what follows a name
    bureau: regex.Pattern[str]  # an office, which has its name from a town or division
    joint: regex.Pattern[str]  # between two names of a list
    others: regex.Pattern[str]  # 等
    never: regex.Pattern[str]  # what no name holds
    weak: frozenset[str]  # names that are words too: 新城区
    lengths: tuple[int, ...]  # of `generic`, the shortest first
    tails: frozenset[str]  # what they end with, as long as the shortest of them
    office: regex.Pattern[str]  # what follows 县 in 召开县委会议


LEADS = ("subject", "dated", "verb", "soft", "edge", "joint")
SHIFTING = frozenset({"subject", "verb", "edge", "masked"})  # leads with which no name begins; 和平村 begins like 和


@lru_cache(maxsize=8)
def words_of(rules: RuleSet) -> Words:
    """The words around names; 新建 and the like are those that open the phrase of a subject."""
    cues = rules.cues["place"]
    leads = {w: "verb" for c in rules.cues["subject"] if c.value == "verb" for w in c.words if len(w) > 1}
    leads |= {w: c.value for c in cues for w in c.words if c.value in LEADS}
    generic, weak = (frozenset(w for c in cues if c.value == value for w in c.words) for value in ("generic", "weak"))
    patterns = {value: pattern_of(rules, value) for value in ("frame", "bureau", "joint", "others", "never", "office")}
    lengths = tuple(sorted({len(w) for w in generic}))
    last = frozenset(w[-1] for w in leads)
    tails = frozenset(w[-lengths[0] :] for w in generic)
    return Words(leads, max(map(len, leads)), last, generic, weak=weak, lengths=lengths, tails=tails, **patterns)


@lru_cache(maxsize=32)
def pattern_of(rules: RuleSet, value: str) -> regex.Pattern[str]:
    """The cues of rules/place.toml with this value as one pattern."""
    return regex.compile("|".join(rules.expand(c.alternation()) for c in rules.cues["place"] if c.value == value))


@lru_cache(maxsize=64)
def names_in(text: str, rules: RuleSet, told: frozenset[str] = frozenset()) -> tuple[Name, ...]:
    """The names of places in `text`, in its order; they do not overlap. Names that are `told` need no frame."""
    finder = _Finder(text, rules, told)
    names = finder.names()
    starts = {name.start for name in names}  # 和县 in 马鞍山市和县 is no second of a list
    return tuple(n._replace(listed=n.end not in starts and finder.is_listed(n)) for n in names)


def names_between(text: str, rules: RuleSet, start: int, end: int) -> tuple[Name, ...]:
    """The names that begin within `text[start:end]`."""
    names = names_in(text, rules)
    first = bisect_left(names, start, key=_start)
    return names[first : bisect_left(names, end, key=_start)]


@lru_cache(maxsize=1024)
def level_of(words: str, rules: RuleSet) -> str:
    """village, town, county or above, by the ending of `words`; "" if they end like no place."""
    hits = [h for h in find_hits(book_of(rules, "place"), words) if h.cue.value in LEVELS and h.end == len(words)]
    return hits[0].cue.value if hits else ""


def _start(name: Name) -> int:
    return name.start


class Room(NamedTuple):
    """The Han text before an ending: it begins at `low`, and a new name may begin at any of `starts`."""

    floor: int  # where the name before ended
    low: int
    starts: tuple[int, ...]


class _Finder:
    """Reads one text twice: which names stand where they can be told, then which name every ending has."""

    def __init__(self, text: str, rules: RuleSet, told: frozenset[str]) -> None:
        self.text, self.words, self.gazetteer = text, words_of(rules), load_gazetteer()
        hits = find_hits(book_of(rules, "place"), text)
        self.endings = [h for h in hits if h.cue.value in LEVELS]
        self.own = {h.end for h in hits if h.cue.value == "own"}  # 石桥村 begins behind 我镇
        self.ends = {h.end for h in self.endings}
        # Endings of names that were blanked out (xx镇) or left out (县, 乡镇): no name of which they are part.
        self.bare = {h.end for h in self.endings if h.start in self.ends or not is_han(text[h.start - 1 : h.start])}
        self.told = Counter(told)

    def names(self) -> list[Name]:
        """The names, without their lists."""
        rooms: list[Room] = []
        floor = 0
        for ending in self.endings:
            rooms.append(self._room(ending, floor))
            if rooms[-1].starts:
                floor = ending.end
                if self._is_framed(ending, rooms[-1]):
                    self.told.update(self.text[start:floor] for start in rooms[-1].starts)
        found: list[Name] = []
        tails = {name[-TAIL:] for name in self.told}  # most endings end no name that is told
        for ending, room in zip(self.endings, rooms, strict=True):
            name = self._known(ending, found)
            if name is None and self.text[max(0, ending.end - TAIL) : ending.end] in tails:
                name = self._new(ending, room, found)
            if name:
                while found and found[-1].end > name.start:  # 李村 in 李村镇
                    found.pop()
                found.append(name)
        return found

    def _is_framed(self, ending: Hit, room: Room) -> bool:
        """Whether what follows is what follows a name; of a 镇, 县 … it may be its office where a line begins with it
        (云台县水利局, but 配合镇政府).
        """
        if self.words.frame.match(self.text, ending.end):
            return True
        opens = room.low == 0 or self.text[room.low - 1] == "\n"
        return opens and ending.cue.value != "village" and self.words.bureau.match(self.text, ending.end) is not None

    def is_listed(self, name: Name) -> bool:
        """甲村 and 乙村 in 甲村和乙村, 甲村等, and 丙村 in 甲屯、丙村; not 乙村 in 甲村8户、乙村5户."""
        if name.lead == "list" or self.words.others.match(self.text, name.end):
            return True
        if joint := self.words.joint.match(self.text, name.end):
            ahead = range(joint.end() + 1, joint.end() + REACH)
            if any(end in self.ends and HAN.fullmatch(self.text, joint.end(), end) for end in ahead):
                return True
        before = ITEM.search(self.text, max(0, name.start - ITEM_REACH), name.start)
        return before is not None and not DIGIT.search(before["item"])

    def _known(self, ending: Hit, found: list[Name]) -> Name | None:
        """The longest name that the gazetteer knows and that may begin where it does."""
        text, end, level = self.text, ending.end, ending.cue.value
        table: Container[str] = self.gazetteer.townships if level == "town" else self.gazetteer.by_name
        if level == "village" or text[max(0, end - TAIL) : end] not in self.gazetteer.tails:
            return None
        for start in range(max(0, end - LONGEST_KNOWN), ending.start):
            name = text[start:end]
            if name not in table or name in self.words.generic:
                continue  # 徐州市 ends like the word 州市, but no district is called 市区
            lead = self._lead(start, found)
            sure = lead == "chain" or len(name) >= SURE or self.told[name] or level != "town"
            if lead and sure and not self._is_office(name, lead, end):
                return Name(start, end, name, level, lead, known=True)
        return None

    def _is_office(self, name: str, lead: str, end: int) -> bool:
        """和县 in 召开和县委会议."""
        return lead != "chain" and name in self.words.weak and self.words.office.match(self.text, end) is not None

    def _new(self, ending: Hit, room: Room, found: list[Name]) -> Name | None:
        """The name by which the text calls the place most often, the longest of these."""
        end = ending.end
        floor = found[-1].end if found else 0
        if floor > room.low and floor != room.floor:
            room = self._room(ending, floor)
        text, told = self.text, self.told
        believed = [start for start in room.starts if text[start:end] in told]
        if believed:
            start = max(believed, key=lambda s: (told[text[s:end]], -s))
        else:
            start = next((s for s in range(max(floor, room.low), ending.start) if text[s:end] in told), -1)
        if start < 0:
            return None
        lead = self._lead(start, found) or "other"
        return Name(start, end, text[start:end], ending.cue.value, lead, known=False)

    def _room(self, ending: Hit, floor: int) -> Room:
        """Where a new name with this ending may begin, judged by what stands before."""
        text, start = self.text, ending.start
        low, joint = start, None
        lowest = max(floor, start - REACH)
        while low > lowest and is_han(text[low - 1]):
            low -= 1
        if start - low < SHORTEST_NEW or self._is_generic(ending.end) or self._word_before(start, low) in SHIFTING:
            return Room(floor, low, ())
        if low == floor > 0 and (joint := self.words.joint.match(text, low)):
            low = joint.end()
        starts = [low] if joint or low in (0, floor) or not is_han(text[low - 1]) else []
        last = start - SHORTEST_NEW
        for begin in range(low + 1, last + 1):
            if lead := self._word_before(begin, low):
                starts = [begin] if lead in SHIFTING else [*starts, begin]
        first = start - LONGEST_NEW
        return Room(floor, low, tuple(s for s in starts if first <= s <= last and self._is_stem(s, start)))

    def _is_stem(self, start: int, end: int) -> bool:
        if start and start + 1 in self.ends and DATED.match(self.text, start - 1):
            return False  # xx镇街镇 may be anything
        if any(inner in self.ends and self._is_generic(inner) for inner in range(start + 2, end)):
            return False  # 示范村觉慧村
        return self.words.never.search(self.text, start, end) is None

    def _lead(self, start: int, found: list[Name]) -> str:
        """What stands before a name that begins at `start`; empty if no name may begin there."""
        floor = found[-1].end if found else -1
        if start == floor:
            return "chain"
        if start == 0 or not is_han(self.text[start - 1]):
            return "mark"
        if (
            start in self.ends and start not in self.own
        ):  # of xx镇, or of a name that nothing tells: 白马县 before 周庄镇
            return "masked"
        lead = self._word_before(start, max(0, start - self.words.longest))
        return "list" if lead == "joint" and self.words.joint.fullmatch(self.text, max(0, floor), start) else lead

    def _word_before(self, start: int, low: int) -> str:
        """The kind of the longest word of `leads` that ends at `start` and begins at `low` or later."""
        if start in self.own:
            return "subject"
        if start in self.bare:
            return "masked"
        if self.text[start - 1 : start] not in self.words.last:
            return ""
        for begin in range(max(low, start - self.words.longest), start):
            lead = self.words.leads.get(self.text[begin:start], "")
            if lead and lead != "dated":
                return lead
            if lead and begin and DATED.match(self.text, begin - 1):
                return "subject"
        return ""

    def _is_generic(self, end: int) -> bool:
        text, words = self.text, self.words
        if text[max(0, end - words.lengths[0]) : end] not in words.tails:
            return False  # as most are
        return any(text[max(0, end - n) : end] in words.generic for n in words.lengths)


def is_han(char: str) -> bool:
    """Whether a character can stand in a name; the rare ones beyond the first plane too."""
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"  # "" is none
