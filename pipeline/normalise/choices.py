"""Which characters can come next in text of GBK that is one byte out of step, and how likely words begin with them.

The lists are the same for every text, so each is made once per process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from pipeline.normalise.gbk import Char, cells, pair, refused
from pipeline.normalise.readings import read_as
from pipeline.normalise.wording import MARKS, SELDOM, mark, openings

RARE = -16.5  # ln P of a word that begins with a character below which that is not guessed

Leads = frozenset[int]  # lead bytes of which one waits for its trail byte
IN_STEP: Leads = frozenset()
LINKS = ("\u3001", "\uff0c")  # 、，: a line does not begin with one of them
JOINING = ("\u3001", "\uff0c", "\u201c", "\u300a", "\uff08")  # 、，“《（: a line does not end with one of them


class Option(NamedTuple):
    """A character that may come next."""

    char: str
    waiting: Leads  # the lead byte that waits behind it
    code: int  # of the simplified character; 0 for what is no Chinese character
    opens: float  # ln P that a word begins with it; or, of what is no Chinese character, ln P
    script: int  # as of Char
    links: bool  # whether it is of LINKS
    joins: bool  # whether it is of JOINING


class Options(NamedTuple):
    """The characters that may come next."""

    ordered: tuple[Option, ...]  # likeliest first
    coded: Mapping[int, tuple[Option, ...]]  # those that are Chinese, by their simplified form


NONE = Options((), {})


def option(char: Char, waiting: Leads) -> Option:
    """`char` as a choice."""
    shown, plain, script = char
    if "\u4e00" <= plain <= "\u9fff":
        code = ord(plain)
        return Option(shown, waiting, code, openings().get(code, SELDOM), script, links=False, joins=False)
    return Option(shown, waiting, 0, mark(shown), script, shown in LINKS, shown in JOINING)


def _ordered(options: Iterable[Option]) -> Options:
    ordered = tuple(sorted(options, key=attrgetter("opens"), reverse=True))
    coded: dict[int, list[Option]] = {}
    for one in ordered:
        if one.code:
            coded.setdefault(one.code, []).append(one)
    return Options(ordered, {code: tuple(alike) for code, alike in coded.items()})


@lru_cache(maxsize=1024)
def dropped(waiting: Leads) -> Options:
    """Pairs that fall into an empty cell: each ends the character that waits and opens another."""
    if len(waiting) > 1:
        return _together(dropped, waiting)
    empty = refused()
    return _guesses((char, empty[t]) for lead in waiting for t, char in cells()[lead].items() if t in empty)


@lru_cache(maxsize=1024)
def lost(waiting: Leads) -> Options:
    """A byte that made no pair: any trail byte ends the character that waits."""
    if len(waiting) > 1:
        return _together(lost, waiting)
    return _guesses((char, IN_STEP) for lead in waiting for char in cells()[lead].values())


def _together(guesses: Callable[[Leads], Options], waiting: Leads) -> Options:
    """The guesses of all lead bytes that may wait; those of each are made once."""
    return _ordered(option for lead in waiting for option in guesses(frozenset([lead])).ordered)


@lru_cache(maxsize=1024)
def lone(waiting: Leads) -> Options:
    """80, which opens no pair, is the only trail byte that is lost in front of a pair (穩, B780)."""
    return _guesses((char, IN_STEP) for lead in waiting if (char := cells()[lead].get(0x80)))


def _guesses(found: Iterable[tuple[Char, Leads]]) -> Options:
    """What is not shown may be any common character, but no digit, which nothing would tell."""
    options = (option(char, waiting) for char, waiting in found if not char.char.isdigit())
    return _ordered(o for o in options if o.opens > RARE)


@lru_cache(maxsize=8192)
def straddling(waiting: Leads, shown: str) -> Options:
    """The characters that the first byte of `shown`, or an ASCII trail byte, can end."""
    if shown in "?\ufffd":
        return lost(waiting)
    data = pair(shown) or (shown.encode() if "@" <= shown <= "~" else b"")
    if not data or (len(data) > 1 and data[1] not in cells()):  # the second byte must open a character
        return NONE
    found = (cells()[lead].get(data[0]) for lead in waiting)
    behind = frozenset(data[1:])
    # Where the lead byte is a guess, so would be a digit.
    return _ordered(option(c, behind) for c in found if c and not (len(waiting) > 1 and c.char.isdigit()))


@lru_cache(maxsize=1024)
def glossed(waiting: Leads, reading: str) -> Options:
    """The characters of a gloss whose bracket was swallowed together with their trail byte."""
    found = (cells()[lead].get(trail) for lead in waiting for trail in read_as(lead, reading))
    return _ordered(option(char, IN_STEP) for char in found if char)


@lru_cache(maxsize=8192)
def as_shown(shown: str) -> Options:
    """A character that is in step."""
    data = pair(shown)
    found = cells()[data[0]].get(data[1]) if data and data[0] in cells() else None
    return _ordered([option(found or Char(shown, shown, 0), IN_STEP)])


@lru_cache(maxsize=1)
def swallowed() -> Options:
    """The marks of ASCII that a byte which made no pair takes along: all but digits, which sites keep."""
    return _ordered(option(Char(char, char, 0), IN_STEP) for char in MARKS if " " <= char < "@")
