"""The repairs: what each fixer mends, what it leaves alone, and the way back to the raw text."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise import FIXERS, normalise
from pipeline.numerals import to_chinese
from pipeline.records import RawText, Text
from pipeline.spans import Edit, apply

HERE = Path(__file__).parent / "cases"
CASES: dict[str, Any] = tomllib.loads((HERE / "normalise.toml").read_text("utf-8"))
NEGATIVES: dict[str, Any] = tomllib.loads((HERE / "normalise_negative.toml").read_text("utf-8"))
BY_NAME = {fixer.__name__: fixer for fixer in FIXERS}
CHAIN = [(c["raw"], c["clean"]) for c in CASES["chain"]]

# A sentence of 434 characters without a mark, to be wrapped at any width.
PROSE = "村里把种茶养蜂当作门路请来师傅手把手教大家育苗修剪防虫和采摘" * 14


def read(raw: str) -> Text:
    return normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))


def fixed(fixer: str, text: str) -> str:
    return apply(text, sorted(BY_NAME[fixer](text)))


PAIRS = [pytest.param(c["fixer"], a, b, id=f"{c['fixer']}: {a!r}") for c in CASES["fix"] for a, b in c["pairs"]]
CLEAN = [pytest.param(c["fixer"], t, id=f"{c['fixer']}: {t!r}") for c in NEGATIVES["clean"] for t in c["texts"]]
TODO = [
    pytest.param(c["fixer"], t, id=f"{c['fixer']}: {t!r}", marks=pytest.mark.xfail(strict=True, reason=c["why"]))
    for c in NEGATIVES["todo"]
    for t in c["texts"]
]


@pytest.mark.parametrize(("fixer", "before", "after"), PAIRS)
def test_mends(fixer: str, before: str, after: str) -> None:
    assert fixed(fixer, before) == after


@pytest.mark.parametrize(("fixer", "before", "after"), PAIRS)
def test_what_is_mended_stays_as_it_is(fixer: str, before: str, after: str) -> None:
    assert list(BY_NAME[fixer](after)) == []


@pytest.mark.parametrize(("fixer", "text"), CLEAN + TODO)
def test_leaves_alone(fixer: str, text: str) -> None:
    assert list(BY_NAME[fixer](text)) == []


@pytest.mark.parametrize("text", NEGATIVES["every"]["texts"])
def test_clean_text_comes_out_unchanged(text: str) -> None:
    found = read(text)
    assert found.text == text
    assert found.repairs == ()


@pytest.mark.parametrize("fixer", BY_NAME)
def test_every_fixer_alone_leaves_clean_text_alone(fixer: str) -> None:
    assert [text for text in NEGATIVES["every"]["texts"] if list(BY_NAME[fixer](text))] == []


def test_a_lone_surrogate_becomes_visible() -> None:
    assert read("甲\ud800乙").text == "甲\ufffd乙"


@pytest.mark.parametrize("width", [24, 30, 38])
def test_lines_broken_in_mid_sentence_are_joined(width: int) -> None:
    lines = [PROSE[i : i + width] for i in range(0, len(PROSE), width)]
    assert fixed("line_break", "\n".join(lines)) == "".join(lines)


@pytest.mark.parametrize("join", ["。\n", "\n\n", "；\n", "\n一、", "\n（一）", "\n1、"], ids=lambda j: repr(j))
def test_lines_that_end_or_begin_something_stay(join: str) -> None:
    lines = [PROSE[i : i + 28] for i in range(0, len(PROSE), 28)]
    assert fixed("line_break", join.join(lines)) == join.join(lines)


def shifted(text: str) -> str:
    """What a site shows for GBK text before which one alien byte slid: undecodable pairs are dropped."""
    data, shown, at = b"\xa1" + text.encode("gbk"), "", 0
    while at < len(data):
        step = 1 if data[at] < 0x80 else 2
        char = data[at : at + step].decode("gbk", "ignore")
        shown += "" if "\ue000" <= char <= "\uf8ff" else char
        at += step
    return shown


@pytest.mark.parametrize("n", range(1, 11))
def test_every_shifted_enumerator_comes_back(n: int) -> None:
    assert fixed("byte_shift", shifted(f"（{to_chinese(n)}）搞好衛生")).startswith(f"（{to_chinese(n)}）")


@pytest.mark.parametrize(("raw", "clean"), CHAIN, ids=[repr(raw) for raw, _ in CHAIN])
def test_chain(raw: str, clean: str) -> None:
    text = read(raw)
    assert text.text == clean
    assert text.offsets.span(0, len(clean)) == (0, len(raw))
    assert bool(text.repairs) == (raw != clean)


@given(st.lists(st.sampled_from(CHAIN), max_size=7))
def test_each_piece_maps_back_to_where_it_came_from(pieces: list[tuple[str, str]]) -> None:
    text = read("".join(raw for raw, _ in pieces))
    assert text.text == "".join(clean for _, clean in pieces)
    at = raw_at = 0
    for raw, clean in pieces:
        assert text.offsets.span(at, at + len(clean)) == (raw_at, raw_at + len(raw))
        at, raw_at = at + len(clean), raw_at + len(raw)


@given(st.lists(st.sampled_from(CHAIN), max_size=7))
def test_a_repaired_text_needs_no_repair(pieces: list[tuple[str, str]]) -> None:
    once = read("".join(raw for raw, _ in pieces)).text
    assert read(once).repairs == ()
    assert read(once).text == once


ODD = st.text(
    st.sampled_from(
        "全村戶户農一二0123456789５．，。·、（）()<>&;#*_xX \n\r\t\u200b\ufeff\x00ǖāóa-/｜ \ud800ㄒ唬┌lnbsp"
    )
    | st.characters(),
    max_size=40,
)


@given(ODD)
def test_what_is_not_repaired_is_the_raw_text_itself(raw: str) -> None:
    text = read(raw)
    repaired = {i for r in text.repairs for i in range(r.raw_start, r.raw_end)}
    spans = [text.offsets.span(i, i + 1) for i in range(len(text.text))]
    assert all(0 <= a <= b <= len(raw) for a, b in spans)
    assert spans == sorted(spans)
    assert [
        (raw[a:b], char)
        for (a, b), char in zip(spans, text.text, strict=True)
        if a not in repaired and raw[a:b] != char
    ] == []


@given(ODD)
def test_every_repair_names_what_stood_there(raw: str) -> None:
    for repair in read(raw).repairs:
        assert raw[repair.raw_start : repair.raw_end] == repair.before
        # A flag says that what stands there may be damage and stays.
        assert (repair.before == repair.after) == repair.kind.endswith("_tail")


def test_what_a_later_fixer_changes_goes_into_the_repair_that_put_it_there() -> None:
    """訌娊M was never 加強組 in the file; and 領(lǐng)導 is two characters and a gloss, each changed once."""
    raw = "我們認為發展產業\n。ㄒ唬┘訌娊M織領(lǐng)導"
    assert [(r.before, r.after) for r in sorted(read(raw).repairs, key=lambda r: r.raw_start)] == [
        ("們認為發", "们认为发"), ("產業", "产业"),
        ("。ㄒ唬┘", "（一）"), ("訌娊M", "加强组"), ("織領", "织领"), ("(lǐng)", ""), ("導", "导"),
    ]  # fmt: skip


@given(st.lists(st.sampled_from(CHAIN), max_size=7).map(lambda pieces: "".join(raw for raw, _ in pieces)) | ODD)
def test_the_repairs_made_to_the_raw_text_give_the_text(raw: str) -> None:
    """So each character is repaired once, and what is recorded is all that was done."""
    text = read(raw)
    edits = sorted(Edit(r.raw_start, r.raw_end, r.after, r.kind) for r in text.repairs)
    assert all(a.end <= b.start for a, b in pairwise(edits))
    assert apply(raw, edits) == text.text


SCRIPTS = [
    ("发展产业，增加收入", "hans"),
    ("發展產業，增加收入，帶動農戶", "hant"),
    ("全村种茶养蜂，收入稳定" * 8 + "發展產業", "mixed"),
    ("", "hans"),
    ("12345 abc", "hans"),
]


@pytest.mark.parametrize(("raw", "script"), SCRIPTS, ids=[s for _, s in SCRIPTS])
def test_script(raw: str, script: str) -> None:
    assert read(raw).script == script


@pytest.mark.parametrize("piece", ["。", "**", "&amp;", "(", "<p ", "(ā", "5。", "\r", "。ㄒ唬\n", "７", "發", "#"])
def test_a_page_of_damage_is_read_to_its_end(piece: str) -> None:
    page = piece * (100_000 // len(piece))
    assert read("甲" + page + "\n丙").text.endswith("丙")
