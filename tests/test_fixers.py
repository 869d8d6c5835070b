"""The harmless fixers: cases by provenance, generated damage that must come back, and clean text that must stay.

What "clean stays" means for each: double decoding, look-alikes, blanks inside numbers and control characters change
nothing at all in the reports of the repository. Width changes full-width digits, letters, % and the points and commas
between digits, and only in texts that have some; a decimal point is put only where a stop stands between two digits;
lines are joined only in the one text that is wrapped by hand.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import opencc
import pytest
from conftest import TEXTS
from damage_generator import modern_sentences

from pipeline.normalise import FIXERS, normalise
from pipeline.normalise.script import simplify
from pipeline.quantities import find_numerals
from pipeline.records import RawText
from pipeline.rules import load_rules
from pipeline.spans import apply

CASES = Path(__file__).parent / "cases"
BY_NAME = {fixer.__name__: fixer for fixer in FIXERS}
REPORTS = {p.name: p.read_bytes().decode("utf-8") for home in TEXTS.values() for p in sorted(home.glob("*.txt"))}
WRAPPED = {"e19.txt"}
DECIMALS = {"e19.txt", "002_34948c4906db27ca.txt"}
HAN = re.compile(r"[\u4e00-\u9fff]")


def cases(provenance: str) -> dict[str, Any]:
    return tomllib.loads((CASES / f"fixers_{provenance}.toml").read_text("utf-8"))


def params(provenance: str, table: str, key: str) -> list[Any]:
    """(fixer, text or pair) of a file of cases; a known failure says why it fails."""
    return [
        pytest.param(c["fixer"], *(case if key == "pairs" else [case]), id=f"{c['fixer']}: {case!a}", marks=failure(c))
        for c in cases(provenance).get(table, [])
        for case in c[key]
    ]


def failure(case: dict[str, Any]) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(strict=True, reason=case["why"])] if "why" in case else []


def fixed(fixer: str, text: str) -> str:
    return apply(text, sorted(BY_NAME[fixer](text)))


MENDED = [p for name in ("wild", "synthetic", "known_failures") for p in params(name, "fix", "pairs")]
CLEAN = [p for name in ("negative", "known_failures") for p in params(name, "clean", "texts")]


@pytest.mark.parametrize(("fixer", "before", "after"), MENDED)
def test_mends(fixer: str, before: str, after: str) -> None:
    assert fixed(fixer, before) == after


@pytest.mark.parametrize(("fixer", "before", "after"), [p for p in MENDED if not p.marks])
def test_what_is_mended_needs_no_mending(fixer: str, before: str, after: str) -> None:
    assert list(BY_NAME[fixer](fixed(fixer, before))) == []


@pytest.mark.parametrize(("fixer", "text"), CLEAN)
def test_leaves_alone(fixer: str, text: str) -> None:
    assert list(BY_NAME[fixer](text)) == []


# --- clean texts ---

UNTOUCHED = ("double_decoding", "control", "lookalike", "blank")


@pytest.mark.parametrize("name", REPORTS)
def test_clean_reports_stay(name: str) -> None:
    text = REPORTS[name].replace("\r", "")
    for fixer in UNTOUCHED:
        assert list(BY_NAME[fixer](text)) == []
    assert bool(list(BY_NAME["decimal_point"](text))) == (name in DECIMALS)
    assert bool(list(BY_NAME["line_break"](text))) == (name in WRAPPED)
    for edit in BY_NAME["decimal_point"](text):
        assert re.fullmatch("[0-9][。．·][0-9]", text[edit.start - 1 : edit.end + 1])


@pytest.mark.parametrize("name", REPORTS)
def test_width_touches_only_what_is_wide(name: str) -> None:
    for edit in BY_NAME["width"](REPORTS[name]):
        before = REPORTS[name][edit.start : edit.end]
        assert re.fullmatch("[０-９Ａ-Ｚａ-ｚ％．，]", before)
        assert edit.after == chr(ord(before) - 0xFEE0)


def test_ordinary_modern_chinese_stays() -> None:
    text = "\n".join(modern_sentences(2000))
    for fixer in (*UNTOUCHED, "decimal_point", "line_break"):
        assert list(BY_NAME[fixer](text)) == []


# --- generated damage ---


def windows_latin(data: bytes) -> str:
    """What Windows shows of bytes that it takes for its Latin."""
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in data)


def windows_gbk(data: bytes) -> str:
    """What Windows shows of bytes that it takes for GBK."""
    shown, at = "", 0
    while at < len(data):
        pair = data[at : at + 2]
        char = pair.decode("gb18030", "ignore") if len(pair) == 2 and pair[1] >= 0x40 else ""
        if pair[0] <= 0x80:
            char, pair = {0x80: "€"}.get(pair[0], chr(pair[0])), pair[:1]
        shown += char or "\ufffd"
        at += len(pair) if char else 1
    return shown


DAMAGES: dict[str, Callable[[str], str]] = {
    "utf-8 as gbk": lambda text: windows_gbk(text.encode()),
    "utf-8 as latin-1": lambda text: text.encode().decode("latin-1"),
    "utf-8 as windows latin": lambda text: windows_latin(text.encode()),
    "gbk as latin-1": lambda text: text.encode("gb18030").decode("latin-1"),
    "gbk as windows latin": lambda text: windows_latin(text.encode("gb18030")),
}


@cache
def lines() -> tuple[str, ...]:
    """The lines of all reports, simplified and traditional, with at least eight Chinese characters."""
    both = [*REPORTS.values(), *map(opencc.OpenCC("s2t").convert, REPORTS.values())]
    return tuple(line for text in both for line in text.splitlines() if len(HAN.findall(line)) >= 8)


def hits(grain: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """(before, damaged stretch, after): whole texts, lines between clean ones, or runs of six characters in a line."""
    if grain == "text":
        yield from (("", text, "") for text in list(REPORTS.values())[:: len(REPORTS) // 12])
    for line in chance.sample(lines(), 200) if grain != "text" else ():
        if grain == "line":
            yield chance.choice(lines()) + "\n", line, "\n" + chance.choice(lines())
        elif run := re.search(r"[\u4e00-\u9fff]{6}", line):
            yield line[: run.start()], run[0], line[run.end() :]


@pytest.mark.parametrize("grain", ["text", "line", "run"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_double_decoding_comes_back(damage: str, grain: str) -> None:
    """Of all characters beyond ASCII that were hit and not lost, 99 % come back, and nothing beside them is touched."""
    hit = back = 0
    for before, clean, after in hits(grain, random.Random(f"{damage} {grain}")):
        damaged = DAMAGES[damage](clean)
        if grain == "run" and "\ufffd" in damaged:  # not reversible
            continue
        mended = fixed("double_decoding", before + damaged + after)
        assert mended.startswith(before)
        assert mended.endswith(after)
        mended = mended[len(before) : len(mended) - len(after)]
        for one, other in zip(clean.split("\n"), mended.split("\n"), strict=True):
            lost = other.count("\ufffd")  # a lost character leaves its place
            hit += sum(c > "\x7f" for c in one) - lost
            back += sum(a == b for a, b in zip(one, other, strict=False) if a > "\x7f")
    assert hit > 900
    assert back / hit >= 0.99


def test_width_comes_back() -> None:
    wide = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "0123456789%"})
    hit = back = 0
    for text in REPORTS.values():
        clean = fixed("width", text)
        damaged = re.sub(r"(?<=[0-9])[.,](?=[0-9])", lambda m: chr(ord(m[0]) + 0xFEE0), clean).translate(wide)
        mended = fixed("width", damaged)
        changed = [i for i, (a, b) in enumerate(zip(clean, damaged, strict=True)) if a != b]
        hit += len(changed)
        back += sum(mended[i] == clean[i] for i in changed)
    assert hit > 10_000
    assert back / hit >= 0.99


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000"], ids=["blank", "non-breaking", "wide"])
def test_a_blank_before_the_unit_stays_and_is_read_across(blank: str) -> None:
    raw = f"贫困户35户108{blank}人"
    text = normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))
    assert text.text == raw
    assert [n.quantity.value for n in find_numerals(text.text, load_rules()) if n.quantity] == [35.0, 108.0]


# --- traditional to simplified ---


def test_t2s_keeps_the_length_of_every_code_point() -> None:
    points = [chr(c) for c in range(1, sys.maxunicode + 1) if not 0xD800 <= c < 0xE000 and chr(c) != "\n"]
    converted = opencc.OpenCC("t2s").convert("\n".join(points)).split("\n")
    assert [a for a, b in zip(points, converted, strict=True) if len(b) != 1] == []


TOOLS = Path(opencc.__file__).parent / "clib"
TABLES = ["TSPhrases", "TSCharacters", "TSCharactersExt", "CJK_Compatibility_Ideographs"]  # all that t2s.json names


@pytest.mark.skipif(not (TOOLS / "bin" / "opencc_dict").is_file(), reason="OpenCC came without its dictionary tool")
@pytest.mark.parametrize("table", TABLES)
def test_t2s_keeps_the_length_of_every_entry(table: str, tmp_path: Path) -> None:
    """Each entry of its tables stands for as many characters as it has, so no text can change its length."""
    data, out = TOOLS / "share" / "opencc" / f"{table}.ocd2", tmp_path / "table.txt"
    tool = TOOLS / "bin" / "opencc_dict"
    subprocess.run([tool, "-i", data, "-o", out, "-f", "ocd2", "-t", "text"], check=True, capture_output=True)
    entries = [line.split("\t") for line in out.read_text("utf-8").splitlines()]
    assert len(entries) > 400
    assert [key for key, values in entries if len(values.split(" ")[0]) != len(key)] == []


def test_the_tables_are_all_that_t2s_uses() -> None:
    config = (TOOLS / "share" / "opencc" / "t2s.json").read_text("utf-8")
    assert sorted(re.findall(r'"(\w+)\.ocd2"', config)) == sorted(TABLES)


@cache
def gb2312() -> str:
    """All characters of simplified Chinese that GB2312 has."""
    return "".join(bytes((a, b)).decode("gb2312", "ignore") for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF))


def test_simplified_characters_stay_in_simplified_text() -> None:
    """But for four that only slips of the keyboard bring there: 後 夥 麽 菸."""
    text = "\n".join(gb2312())
    assert len(gb2312()) == 6763
    changed = {text[e.start : e.end]: e.after for e in simplify(text)}
    assert changed == {"後": "后", "夥": "伙", "麽": "么", "菸": "烟"}


def test_our_own_characters_keep_the_length_and_give_simplified_ones() -> None:
    text = "\n".join(chr(c) for c in range(0x3400, 0xA000))
    after = apply(text, list(simplify(text)))
    assert len(after) == len(text)
    again = {after[e.start : e.end]: e.after for e in simplify(after)}
    assert again == {"苧": "苎"}  # traditional, and the simplified form of 薴


ASPECT = ["沿着河道", "围绕着产业", "显著增收", "著名品牌", "着力解决", "朝着目标", "发挥着作用", "原著", "着眼长远",
          "著作", "意味着", "执行着", "土著", "卓著", "着手", "有着", "专著", "随着"]  # fmt: skip


@pytest.mark.parametrize("word", ASPECT)
def test_aspect_in_traditional_text(word: str) -> None:
    """Traditional texts write 著 for both."""
    text = "農業產業發展經濟收入" * 3 + opencc.OpenCC("s2t").convert(word).replace("着", "著") + "，農戶增收"
    assert word in apply(text, list(simplify(text)))
