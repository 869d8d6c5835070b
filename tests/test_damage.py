"""Damage of GBK text and pinyin glosses: what comes back, what is flagged, and what is never touched."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from damage_generator import (
    Damaged,
    byte_shift,
    gloss,
    headings,
    inline_shift,
    modern_sentences,
    places,
    sentences,
    shown,
    traditional,
)
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise import FIXERS, normalise
from pipeline.normalise.byte_shift import EACH, SEARCHED
from pipeline.normalise.choices import IN_STEP
from pipeline.normalise.gbk import pair, refused
from pipeline.normalise.readings import read_as, readings
from pipeline.normalise.script import simplify
from pipeline.normalise.straddle import LONGEST, Search
from pipeline.normalise.wording import EDGE, Model
from pipeline.numerals import to_chinese
from pipeline.read import read_source
from pipeline.records import RawText, Text
from pipeline.spans import Edit, apply

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent / "cases"
OURS = ("byte_shift", "inline_shift", "gloss")
BY_NAME = {fixer.__name__: fixer for fixer in FIXERS if fixer.__name__ in OURS}
RAW = next((ROOT / "data" / "raw").glob("003*"))
DAMAGED = {RAW.name, "e03.txt"}  # all other texts of the repository are free of these kinds of damage


def cases(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"damage_{name}.toml").read_text("utf-8"))


def read(raw: str) -> Text:
    return normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))


def found(fixer: str, text: str) -> list[Edit]:
    return sorted(BY_NAME[fixer](text))


def fixed(fixer: str, text: str) -> str:
    return apply(text, found(fixer, text))


def flagged(edits: Iterable[Edit]) -> bool:
    return any(e.kind.endswith(("_tail", "_unsure")) for e in edits)


PAIRS = [
    pytest.param(c["fixer"], a, b, id=f"{c['fixer']}: {a!r}")
    for name in ("wild", "synthetic")
    for c in cases(name)["fix"]
    for a, b in c["pairs"]
]
TODO = [
    pytest.param(c["fixer"], a, b, id=f"{c['fixer']}: {a!r}", marks=pytest.mark.xfail(strict=True, reason=c["why"]))
    for c in cases("known_failures")["todo"]
    for a, b in c["pairs"]
]
CLEAN = [
    pytest.param(c["fixer"], text, id=f"{c['fixer']}: {text!r}")
    for c in cases("negative")["clean"]
    for text in c["texts"]
]


@pytest.mark.parametrize(("fixer", "before", "after"), PAIRS + TODO)
def test_mends(fixer: str, before: str, after: str) -> None:
    assert fixed("gloss", fixed(fixer, before)) == fixed("gloss", after)


@pytest.mark.parametrize(("fixer", "before", "after"), PAIRS)
def test_what_is_mended_stays_as_it_is(fixer: str, before: str, after: str) -> None:
    assert found(fixer, fixed(fixer, before)) == []
    assert found(fixer, after) == []


@pytest.mark.parametrize(("fixer", "text"), CLEAN)
def test_leaves_alone(fixer: str, text: str) -> None:
    assert found(fixer, text) == []


# The report that these kinds of damage were first seen in.


@cache
def seen() -> Text:
    return normalise(read_source(RAW, RAW.name))


HEADINGS = [
    "加强组织领导", "突出党建特色", "强化责任意识", "突出党建引领脱贫攻坚", "实施贫困村提升工程",
    "强化贫困对象动态管理", "进一步激发内生动力",
]  # fmt: skip


def test_the_damaged_headings_come_out_right() -> None:
    lines = re.findall(r"^（[一二三四五]）(.*)$", seen().text, re.MULTILINE)
    assert [line[: len(h)] for line, h in zip(lines, HEADINGS, strict=True)] == HEADINGS


def test_the_glosses_go_and_both_inline_shifts_are_mended() -> None:
    kinds = Counter(r.kind for r in seen().repairs)
    assert kinds["gloss"] == 181
    assert not [k for k in kinds if k.endswith("_tail")]
    assert not re.search(r"[(（][a-zü]*[āáǎàēéěèīíǐìōóǒòūúǔù]", seen().text)
    assert "与当地群众共谋" in seen().text
    assert "我们如期完成了新时代" in seen().text


def test_each_mended_character_keeps_its_place() -> None:
    at = seen().text.index("地群众共谋")
    raw = seen().raw.text
    places_ = [seen().offsets.span(i, i + 1) for i in range(at, at + 5)]
    assert [raw[a:b] for a, b in places_] == [*"厝罕姽", *("仓\\"[:1], "\\")]


# Clean text.


@pytest.mark.parametrize("fixer", OURS)
def test_no_character_of_modern_text_changes(fixer: str) -> None:
    clean = list(modern_sentences(2000))
    assert [s for s in clean if found(fixer, s)] == []
    assert found(fixer, "\n".join(clean)) == []


@pytest.mark.parametrize("fixer", OURS)
@pytest.mark.parametrize("folder", ["data/raw", "tests/gold/raw"])
def test_no_character_of_an_undamaged_report_changes(folder: str, fixer: str) -> None:
    changed = {p.name for p in (ROOT / folder).glob("*.txt") if found(fixer, read_source(p, p.name).text)}
    assert changed <= DAMAGED


def test_a_clean_line_that_begins_with_a_stop_stays() -> None:
    """Editors that break lines at a width put a stop at the head of some; of （六） no more is left than that."""
    for sentence in sentences(40, "stop"):
        assert found("byte_shift", "。" + sentence) == found("byte_shift", "。" + traditional(sentence)) == []


@given(st.text("。ㄒ唬ǘ┘娊M一二（）\n　?(shùnè)當們厝罕仓\\ \ufffd㈠GDP3", max_size=24))
def test_any_text_is_read_to_its_end_and_edits_do_not_overlap(text: str) -> None:
    for fixer in BY_NAME:
        edits = found(fixer, text)
        assert all(a.end <= b.start for a, b in pairwise(edits))
        assert all(text[e.start : e.end] == e.after for e in edits if e.kind.endswith("_tail"))


# Damage made of clean text: how much comes back.


@pytest.mark.parametrize("wide", [False, True], ids=["half width", "full width"])
def test_glosses_all_go(wide: bool) -> None:
    for sentence in sentences(150, "gloss"):
        damaged = gloss(traditional(sentence), wide=wide)
        assert fixed("gloss", damaged.shown) == damaged.clean


def test_glosses_beside_ordinary_brackets() -> None:
    clean = "鄉村產業（GDP）與農業(c、d級)，監測統計（A级）"
    assert fixed("gloss", gloss(clean).shown) == clean


def traditional_only() -> Mapping[str, str]:
    """Characters that only traditional texts have, with a reading: those that sites gloss."""
    chars = [(c, reading) for reading, row in readings().items() for c in row]
    plain = apply("".join(c for c, _ in chars), list(simplify("".join(c for c, _ in chars))))
    return {c: reading for (c, reading), simple in zip(chars, plain, strict=True) if simple != c}


def straddled(count: int, seed: str) -> list[Damaged]:
    """Sentences in which a gloss went into the middle of two characters."""
    glossed = traditional_only()
    damaged = []
    for sentence in sentences(count, seed):
        clean = traditional(sentence).replace("，", ",")
        damaged += [inline_shift(clean, at, reading) for at, reading in list(places(clean, glossed))[:1]]
    return damaged


def unhidden(damaged: Damaged) -> bool:
    """Whether the bytes are all shown: no pair fell into an empty cell, and no byte was lost at the end."""
    before = len(damaged.clean[: damaged.hit.start].encode("gbk"))
    data = damaged.clean.encode("gbk")[before + 1 :]
    tail = data[: len(damaged.clean[damaged.hit.start : damaged.hit.stop].encode("gbk")) - 1]
    whole = len(tail) % 2 == 1 and 0x40 <= tail[-1] < 0x80
    return whole and all(shown(cell) for cell in _pairs(tail[:-1]))


def _pairs(data: bytes) -> list[bytes]:
    return [data[i : i + 2] for i in range(0, len(data), 2)]


def test_inline_shifts_are_exact_where_all_bytes_are_shown() -> None:
    damaged = [d for d in straddled(110, "inline") if unhidden(d)]
    assert sum(len(d.hit) for d in damaged) > 40
    assert [d.clean for d in damaged if fixed("inline_shift", d.shown) != d.clean] == []


def test_inline_shifts_with_hidden_bytes_are_flagged() -> None:
    """Of a character whose trail byte is lost some hundred fit: it may be put in, but never without a flag."""
    damaged = [d for d in straddled(110, "inline") if not unhidden(d)]
    wrong = [d for d in damaged if fixed("inline_shift", d.shown) != d.clean]
    assert len(damaged) > 20
    assert len(wrong) <= 0.2 * len(damaged)
    assert [d.clean for d in wrong if not flagged(found("inline_shift", d.shown))] == []


def test_what_may_be_damage_stays_and_is_flagged() -> None:
    """The bytes fit, but no words come out."""
    text = "多少?nǐ)好"
    assert fixed("inline_shift", text) == text
    assert flagged(found("inline_shift", text))


def recovered(damaged: Damaged, repaired: str) -> int:
    """How many of the characters hit stand in the repaired text in their order."""
    want = damaged.clean[damaged.hit.start : damaged.hit.stop]
    blocks = SequenceMatcher(None, want, repaired[damaged.hit.start :], autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)


@pytest.mark.parametrize("swallow", [False, True], ids=["", "swallowed marks"])
@pytest.mark.parametrize("lone", ["", "?"], ids=["no trace", "question mark"])
def test_shifted_headings_come_back(lone: str, swallow: bool) -> None:
    """Those that come back wrong are all flagged, and of those that come back right not many are."""
    hit = back = right = doubted = 0
    silent = []
    for i, heading in enumerate(headings(40, f"shift {lone}")):
        damaged = byte_shift(i % 10 + 1, traditional(heading), lone=lone, swallow=swallow)
        edits = found("byte_shift", damaged.shown)
        repaired = apply(damaged.shown, edits)
        enumerator = f"（{to_chinese(i % 10 + 1)}）"
        assert repaired.startswith(enumerator)
        hit += len(damaged.hit) - len(enumerator)
        back += recovered(damaged, repaired) - len(enumerator)
        if repaired == damaged.clean:
            right += 1
            doubted += flagged(edits)
        elif not flagged(edits):
            silent.append((damaged.clean, repaired))
    assert back >= 0.85 * hit
    assert silent == []
    assert doubted <= 0.3 * right


@pytest.mark.parametrize("n", range(1, 11))
def test_every_enumerator_comes_back(n: int) -> None:
    damaged = byte_shift(n, traditional("推进产业发展"))
    assert fixed("byte_shift", damaged.shown).startswith(f"（{to_chinese(n)}）")


def test_what_is_out_of_step_in_a_simplified_line_is_mended_or_flagged() -> None:
    for i, heading in enumerate(headings(6, "simplified")):
        damaged = byte_shift(i % 10 + 1, heading)
        edits = found("byte_shift", damaged.shown)
        repaired = apply(damaged.shown, edits)
        assert repaired.startswith(f"（{to_chinese(i % 10 + 1)}）")
        assert flagged(edits) or recovered(damaged, repaired) >= 0.7 * len(damaged.hit)


def test_numbers_are_never_guessed() -> None:
    """A digit is no trail byte; a wide one is only read off its own bytes."""
    damaged = byte_shift(3, "建房２５户，用地３亩")
    repaired = fixed("byte_shift", damaged.shown)
    assert set(re.findall("[０-９]", repaired)) <= set("２５３")


def test_a_report_of_damaged_headings_is_read_in_order() -> None:
    """Alike enumerators (十, 十二, 十三) are told apart by the one before."""
    lines = [byte_shift(n, traditional("发展产业")).shown for n in range(1, 14)]
    text = fixed("byte_shift", "\n".join(lines))
    assert [line[1 : line.index("）")] for line in text.splitlines()] == [to_chinese(n) for n in range(1, 14)]


def test_a_long_tail_is_flagged_and_stays() -> None:
    line = byte_shift(1, "加强组织领导" * 30).shown
    edits = found("byte_shift", line)
    assert edits[0].after == "（一）"
    assert flagged(edits)
    assert apply(line, edits).endswith(line[5 + LONGEST :])


def test_the_work_on_one_text_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the characters that may be searched only the enumerators are mended, and the tails are flagged."""
    searched: list[str] = []

    def run(self: Search, starts: object) -> list[object]:
        searched.append(self.shown)
        self.reached = len(self.shown)
        return []

    monkeypatch.setattr(Search, "run", run)
    lines = SEARCHED // 10
    edits = found("byte_shift", ("。ㄒ唬┘訌娊M織" + "農" * 200 + "\n") * lines)
    assert [e.after for e in edits[::2]] == ["（一）"] * lines
    assert all(e.kind == "byte_shift_tail" for e in edits[1::2])
    assert SEARCHED <= sum(len(s) + EACH for s in searched) < SEARCHED + LONGEST + EACH


def test_nothing_is_loaded_for_clean_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("byte_shift", "inline_shift"):
        monkeypatch.setitem(BY_NAME[name].__globals__, "Model", lambda *_: pytest.fail("the dictionary was read"))
    for sentence in modern_sentences(200, "lazy"):
        assert found("byte_shift", sentence) == found("inline_shift", sentence) == []


# The parts.


def test_only_cells_that_gbk_refuses_are_candidates() -> None:
    assert all(not bytes((lead, t)).decode("gbk", "ignore") for lead, trails in refused().items() for t in trails)
    assert 0xC8 not in refused()
    assert 0x8F in refused()[0xA9]  # ⿵


@pytest.mark.parametrize(("char", "data"), [("組", b"\xbd\x4d"), ("⿵", b"\xa9\x8f"), ("M", b""), ("", b"")])
def test_pair(char: str, data: bytes) -> None:
    assert pair(char) == data


def test_a_reading_names_the_lost_byte() -> None:
    assert read_as(0x83, "nèi") == (0xC8,)
    assert 0xB5 in read_as(0x94, "shù")
    assert read_as(0x83, "nonsense") == ()


def test_words_are_likelier_than_garble() -> None:
    model = Model()

    def score(text: str) -> float:
        search = Search(text, model, whole=True)
        search.run([(0, IN_STEP, None, 0.0)])
        return search.as_shown()

    assert score("加强组织") > score("訌娊织组") + 10
    assert score("责任意识") > score("责任意是")


def test_the_words_of_the_document_count() -> None:
    word = "垸堤"
    code = ord(word[1])
    assert code not in Model().after(ord(word[0])).gains
    assert Model(f"{word}加固，修筑{word}。").after(ord(word[0])).own[code] < 0
    assert Model().after(EDGE).closes == 0.0
