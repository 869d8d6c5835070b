"""The codes of China's administrative divisions by name and year, as data: it knows no reports.

The tables lie in pipeline/places (its README names their sources and columns): divisions from province to county with
the years through which each held its name, code and place, and the townships of 2026. There are no villages.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import RuleError

PLACES = Path(__file__).resolve().parent / "places"
MOST_BYTES = 8_000_000  # of one unpacked table: eight times what they hold
FIRST, LAST = 1980, 2026  # the years that the tables describe
# A report whose year is unknown is younger than this: the genre is, as texts on the web are.
RECENT = 2000
COUNTY, TOWNSHIP = 6, 9  # digits of a code
TAIL = 2


class Spell(NamedTuple):
    """A division under one name, with one code and one place above it, from `first` to `last` (ends of years)."""

    name: str
    code: str
    above: str  # code of the division above; "" above a province
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """What is known of names and codes. Codes have 6 digits (county and above) or 9 (townships)."""

    by_name: Mapping[str, tuple[Spell, ...]]
    by_code: Mapping[str, tuple[Spell, ...]]
    townships: Mapping[str, tuple[str, ...]]  # name -> codes
    tails: frozenset[str]  # the last TAIL code points of every name: what ends otherwise need not be looked up

    def codes(self, name: str, year: int | None) -> tuple[str, ...]:
        """The codes of 6 digits that `name` stood for in `year`, by its end or else by its start; else those of the
        next year (a report on 2015 may be written in 2016). Without a year: all those since 2000.
        """
        spells = self.by_name.get(name, ())
        if year is None:
            return _distinct(s.code for s in spells if s.last >= RECENT)
        before, now, after = (_distinct(s.code for s in spells if _held(s, end)) for end in (year - 1, year, year + 1))
        # A code that went while another came was replaced by it; one that went alone was another place of that name.
        if now and set(now) <= set(before):
            return before
        return now or before or after

    def above(self, code: str, year: int | None) -> tuple[str, ...]:
        """The codes of the divisions that `code` lay in, the nearest first: county (for a township), prefecture,
        province. Empty if there was no such division in `year`; without a year the youngest counts.
        """
        if len(code) > COUNTY:
            county = code[:COUNTY]
            return (county, *self.above(county, year)) if self._spell(county, year) else ()
        spell = self._spell(code, year)
        if spell is None or not spell.above:
            return ()
        return (spell.above, *self.above(spell.above, year))

    def _spell(self, code: str, year: int | None) -> Spell | None:
        spells = self.by_code.get(code, ())
        if year is None:
            return max(spells, key=lambda s: s.last, default=None)
        return next((s for end in (year, year - 1, year + 1) for s in spells if _held(s, end)), None)


def _held(spell: Spell, year: int) -> bool:
    return spell.first <= min(year, LAST) <= spell.last


def _distinct(codes: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The gazetteer, read once a process (0.1 s, 20 MB).

    Raises RuleError if a table is missing or not the one that SHA256SUMS names.
    """
    by_name: dict[str, list[Spell]] = defaultdict(list)
    by_code: dict[str, list[Spell]] = defaultdict(list)
    for line in _table("divisions"):
        name, code, above, first, last = line.split("\t")
        spell = Spell(name, code, above, int(first), int(last))
        by_name[name].append(spell)
        by_code[code].append(spell)
    townships: dict[str, list[str]] = defaultdict(list)
    for line in _table("townships"):
        name, code = line.split("\t")
        townships[name].append(code)
    return Gazetteer(
        {name: tuple(spells) for name, spells in by_name.items()},
        {code: tuple(spells) for code, spells in by_code.items()},
        {name: tuple(codes) for name, codes in townships.items()},
        frozenset(name[-TAIL:] for names in (by_name, townships) for name in names),
    )


def checksums(folder: Path = PLACES) -> Mapping[str, str]:
    """Table -> the SHA-256 of its text, as SHA256SUMS says; the version of the gazetteer."""
    try:
        lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    except OSError as e:
        raise RuleError(f"{folder / 'SHA256SUMS'}: {e.strerror}; restore it from git, or run make gazetteer") from None
    return {name.removesuffix(".tsv"): digest for digest, _, name in (line.partition("  ") for line in lines)}


def _table(name: str, folder: Path | None = None) -> list[str]:
    """The lines of a table, checked against its checksum."""
    home = folder or PLACES
    path = home / f"{name}.tsv.gz"
    try:
        with gzip.open(path) as packed:
            data = packed.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error) as e:
        raise RuleError(f"{path}: cannot be read ({e}); restore it from git, or run make gazetteer") from None
    if hashlib.sha256(data).hexdigest() != checksums(home).get(name):
        raise RuleError(f"{path}: is not the table that SHA256SUMS names; restore it from git, or run make gazetteer")
    return data.decode("utf-8").splitlines()
