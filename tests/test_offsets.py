"""The way back from a repaired text to the raw one: laws of composition, order and slices, and the chain itself.

The laws of a single round stand in test_spans.py; here are rounds upon rounds, as the chain of fixers makes them.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise import normalise
from pipeline.records import RawText, Text
from pipeline.spans import Edit, OffsetMap, apply

CASES = Path(__file__).parent / "cases"
SCRIPTS = 10_000
CHARS = "村户三12。. (ǒ)\n"
Origins = list[tuple[int, int]]


def script(chance: random.Random, length: int) -> list[Edit]:
    """A round of edits of a text: removals, and replacements by less, as much or more (fixers insert nothing)."""
    cuts = sorted(chance.choices(range(length + 1), k=2 * chance.randrange(5)))
    pairs = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True) if a < b]
    return [Edit(a, b, "".join(chance.choices("改补x", k=chance.randrange(4))), "test") for a, b in pairs]


def rounds(chance: random.Random) -> tuple[str, list[list[Edit]]]:
    """A text and up to four rounds of edits, each of the text that the one before made."""
    first = text = "".join(chance.choices(CHARS, k=chance.randrange(25)))
    scripts = []
    for _ in range(chance.randrange(1, 5)):
        scripts.append(script(chance, len(text)))
        text = apply(text, scripts[-1])
    return first, scripts


def origins(length: int, scripts: list[list[Edit]]) -> Origins:
    """For every character of the last text the stretch of the first that it came from, followed edit by edit."""
    places = [(i, i + 1) for i in range(length)]
    for edits in scripts:
        made: Origins = []
        at = 0
        for edit in edits:
            made += places[at : edit.start]
            made += [(places[edit.start][0], places[edit.end - 1][1])] * len(edit.after)
            at = edit.end
        places = made + places[at:]
    return places


def chained(scripts: list[list[Edit]]) -> OffsetMap:
    offsets = OffsetMap()
    for edits in scripts:
        offsets = offsets.then(OffsetMap.of(edits))
    return offsets


def test_ten_thousand_random_scripts() -> None:
    chance = random.Random("ten thousand scripts")
    checked = 0
    for _ in range(SCRIPTS):
        text, scripts = rounds(chance)
        model, offsets = origins(len(text), scripts), chained(scripts)
        for i, (start, end) in enumerate(model):
            assert offsets.span(i, i + 1) == (start, end)
            checked += 1
    assert checked > 5 * SCRIPTS


SEEDS = st.integers(0, 2**32).map(random.Random)


@given(SEEDS)
def test_grouping_does_not_matter(chance: random.Random) -> None:
    _, scripts = rounds(chance)
    maps = [OffsetMap.of(edits) for edits in scripts]
    left = chained(scripts)
    right = OffsetMap()
    for one in reversed(maps):
        right = one.then(right)
    length = chance.randrange(1, 30)
    assert [left.span(i, i + 1) for i in range(length)] == [right.span(i, i + 1) for i in range(length)]


@given(SEEDS)
def test_order_is_kept(chance: random.Random) -> None:
    text, scripts = rounds(chance)
    offsets = chained(scripts)
    length = len(origins(len(text), scripts))
    spans = [offsets.span(i, i + 1) for i in range(length)]
    assert [a for a, _ in spans] == sorted(a for a, _ in spans)
    assert all(0 <= a <= b <= len(text) for a, b in spans)


@given(SEEDS)
def test_a_slice_is_what_its_parts_are_together(chance: random.Random) -> None:
    text, scripts = rounds(chance)
    offsets = chained(scripts)
    length = len(origins(len(text), scripts))
    if length < 2:
        return
    start, middle, end = sorted(chance.sample(range(length + 1), 3))
    first, second, whole = offsets.span(start, middle), offsets.span(middle, end), offsets.span(start, end)
    assert whole == (first[0], max(first[0], second[1]))


# --- the chain ---


def pieces() -> list[tuple[str, str]]:
    """(damaged, mended) of the cases of the fixers that work in a line of their own, and text that stays."""
    files = [tomllib.loads((CASES / f"fixers_{name}.toml").read_text("utf-8")) for name in ("wild", "synthetic")]
    chosen = ("width", "decimal_point", "lookalike", "markup", "double_decoding")
    pairs = [(a, b) for file in files for c in file["fix"] if c["fixer"] in chosen for a, b in c["pairs"]]
    return [(a, b) for a, b in pairs if len(a) > 4 and "\n" not in a] + [("收入稳定48户", "收入稳定48户")] * 5


def read(raw: str) -> Text:
    return normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))


@given(st.lists(st.sampled_from(pieces()), min_size=1, max_size=5))
def test_every_line_maps_to_the_line_it_came_from(chosen: list[tuple[str, str]]) -> None:
    raw = "。\n".join(before for before, _ in chosen)
    text = read(raw)
    lines = text.text.split("\n")
    assert len(lines) == len(chosen)
    at = raw_at = 0
    for line, (before, _) in zip(lines, chosen, strict=True):
        stop = len(line) - len(line.rstrip("。"))
        first, last = text.offsets.span(at, at + len(line) - stop)
        assert raw_at <= first <= last <= raw_at + len(before)
        assert before[last - raw_at :].strip("*") == ""
        assert before[: first - raw_at].strip("#* ") == ""
        at += len(line) + 1
        raw_at += len(before) + 2


EXACT = [
    pytest.param("产值鍏ㄦ潙320户", "320户", "320户", id="a number beside double decoding"),
    pytest.param("全村鍏辨湁鍐滄埛35户", "共有", "鍏辨湁", id="two characters in three"),
    pytest.param("投入１２．５万元", "12.5万元", "１２．５万元", id="wide"),
    pytest.param("收入1 034元", "1034元", "1 034元", id="a blank inside a number"),
    pytest.param("面积168。68亩", "168.68亩", "168。68亩", id="a stop in a number"),
    pytest.param("其中，\n320户", "，320户", "，\n320户", id="a broken line"),
    pytest.param("共**320户**脱贫", "320户", "320户", id="emphasis"),
    pytest.param("種茶養蜂發展320戶", "320户", "320戶", id="traditional"),
    pytest.param("⻄部320户", "西部", "⻄部", id="a radical"),
    pytest.param("共&nbsp;320&nbsp;户", "320 户", "320&nbsp;户", id="an entity inside"),
]


@pytest.mark.parametrize(("raw", "found", "stood"), EXACT)
def test_a_stretch_is_found_where_it_stood(raw: str, found: str, stood: str) -> None:
    text = read(raw)
    start = text.text.index(found)
    first, last = text.offsets.span(start, start + len(found))
    assert raw[first:last] == stood


def differences(text: Text) -> Iterator[tuple[str, str]]:
    """(raw, repaired) of every character that no repair explains and that is not the raw one."""
    repaired = {i for r in text.repairs for i in range(r.raw_start, r.raw_end)}
    for i, char in enumerate(text.text):
        first, last = text.offsets.span(i, i + 1)
        if repaired.isdisjoint(range(first, last)) and text.raw.text[first:last] != char:
            yield text.raw.text[first:last], char


@given(st.lists(st.sampled_from([a for a, _ in pieces()]) | st.text(CHARS, max_size=8), max_size=8).map("".join))
def test_what_no_repair_touched_is_the_raw_text(raw: str) -> None:
    assert list(differences(read(raw))) == []
