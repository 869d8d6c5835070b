"""How surely the encoding of a short or damaged file is found: windows cut from the gold texts in five encodings.

`python tests/test_encoding.py` prints the table of accuracies.
"""

from __future__ import annotations

import codecs
import random
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from pipeline.errors import ReadError
from pipeline.read.encoding import decode, likeliest

RAW = Path(__file__).parent / "gold" / "raw"
LENGTHS = (50, 100, 200, 500, 1000, 2000, 5000)  # bytes
ENCODINGS = ("utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
DAMAGES = ("none", "changed", "lost", "added")


@cache
def both_scripts() -> tuple[list[str], list[str]]:
    """The gold texts in simplified and in traditional characters."""
    simplified = [p.read_text("utf-8") for p in sorted(RAW.glob("*.txt"))]
    return simplified, list(map(OpenCC("s2t").convert, simplified))


@cache
def texts(encoding: str) -> tuple[str, ...]:
    """The gold texts as files in `encoding` hold them: simplified, traditional (Big5), or both."""
    simplified, traditional = both_scripts()
    chosen = {"gb18030": simplified, "big5hkscs": traditional}.get(encoding, simplified + traditional)
    return tuple(t.encode(encoding, "ignore").decode(encoding) for t in chosen)


def windows(encoding: str, length: int, damage: str, count: int) -> Iterator[bytes]:
    """Stretches that begin with a character, end anywhere, and have one byte damaged."""
    chance = random.Random(f"{encoding} {length} {damage}")
    for _ in range(count):
        text = chance.choice(texts(encoding))
        start = chance.randrange(len(text))
        window = (text[start:] + text * 3).encode(encoding)[:length]
        at, byte = chance.randrange(length), bytes([chance.randrange(256)])
        yield {
            "none": window,
            "changed": window[:at] + byte + window[at + 1 :],
            "lost": window[:at] + window[at + 1 :],
            "added": window[:at] + byte + window[at:],
        }[damage]


def found(data: bytes) -> str:
    """The encoding that is found, or why none is."""
    try:
        return decode(data, "a.txt")[1]
    except ReadError as refused:
        return "out of step" if "UTF-16" in str(refused) else "refused"


def accuracy(encoding: str, length: int, damage: str, count: int) -> float:
    """The share of windows whose encoding is found."""
    return sum(found(w) == encoding for w in windows(encoding, length, damage, count)) / count


# A byte that is lost from UTF-16 turns all that follows into its other byte order: see below.
DECIDED = [(e, d) for e in ENCODINGS for d in DAMAGES if d in ("none", "changed") or not e.startswith("utf-16")]


@pytest.mark.parametrize(("encoding", "damage"), DECIDED, ids=[f"{e}, {d}" for e, d in DECIDED])
def test_the_encoding_is_found(encoding: str, damage: str) -> None:
    assert [accuracy(encoding, length, damage, 20) for length in LENGTHS if length >= 200] == [1.0] * 5
    assert accuracy(encoding, 100, damage, 40) >= 0.97
    assert accuracy(encoding, 50, damage, 40) >= 0.9


@pytest.mark.parametrize("damage", ["lost", "added"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_out_of_step_is_not_read_as_garbage(encoding: str, damage: str) -> None:
    """All that follows the byte would be characters, but no text."""
    text = "红柳村位于县城东部,全村共有农户320户,耕地面积1860亩。去年以来,村“两委”带领群众新修水渠,收入提高。" * 4
    data = text.encode(encoding)
    for at in range(41, 160, 7):  # neither at the edge nor on a number only
        damaged = data[:at] + (data[at + 1 :] if damage == "lost" else b"\x41" + data[at:])
        assert found(damaged) in ("out of step", "refused")


def test_where_utf_16_falls_out_of_step_is_said() -> None:
    data = ("红柳村共有农户320户。" * 20).encode("utf-16-le")
    with pytest.raises(ReadError) as refused:
        decode(data[:300] + data[301:], "a.txt")
    assert str(refused.value) == (
        "a.txt: a byte of this UTF-16 file is lost or added near character 161, so the rest is no text; "
        "collect it again in UTF-8"
    )


SHORT = [
    ("ascii", b"35 households", "utf-8", "valid UTF-8"),
    ("digits", b"1860\n320\n", "utf-8", "valid UTF-8"),
    ("one digit", b"3", "utf-8", "valid UTF-8"),
    ("one character", "村".encode(), "utf-8", "valid UTF-8"),
    ("accents only", "café é".encode(), "utf-8", "valid UTF-8"),
    ("signs only", "35×20±1".encode(), "utf-8", "valid UTF-8"),
    ("four characters of gbk", "农户收入".encode("gb18030"), "gb18030", "character frequencies"),
    ("gbk that is valid utf-8 too", "模具".encode("gb18030")[:2] + b"35", "gb18030", "character frequencies"),
    ("numbers and units of gbk", "35户120人".encode("gb18030"), "gb18030", "character frequencies"),
    ("numbers and units of big5", "35戶120人".encode("big5hkscs"), "big5hkscs", "character frequencies"),
    ("ascii in utf-16", "35 households".encode("utf-16-le"), "utf-16-le", "character frequencies"),
    ("ascii in utf-16, big", "35 households".encode("utf-16-be"), "utf-16-be", "character frequencies"),
    ("marked and short", codecs.BOM_UTF16_BE + "村".encode("utf-16-be"), "utf-16", "byte order mark"),
    ("a head of ascii", b"-" * 20_000 + "红柳村的农户收入提高".encode("gb18030"), "gb18030", "character frequencies"),
    ("full-width digits", "２０１８年１２月共３５户".encode("gb18030"), "gb18030", "character frequencies"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "encoding", "how"), [s[1:] for s in SHORT], ids=[s[0] for s in SHORT])
def test_short_files(data: bytes, encoding: str, how: str) -> None:
    text, name, said = decode(data, "a.txt")
    assert (name, said.partition(" (")[0]) == (encoding, how)
    assert text == data.decode(encoding)


LOSSES = [
    ("in utf-8", "农户320户".encode()[:-1], ", 1 undecodable"),
    ("in gb18030", "红柳村农户320户".encode("gb18030") + b"\xff", ", 1 undecodable"),
    ("marked", codecs.BOM_UTF8 + "农户320户".encode() + b"\xff", "byte order mark, 1 undecodable"),
    ("before it was saved", "农\ufffd320\ufffd".encode(), "valid UTF-8, 2 lost before it was saved"),
]


@pytest.mark.parametrize(("data", "said"), [x[1:] for x in LOSSES], ids=[x[0] for x in LOSSES])
def test_losses_are_counted(data: bytes, said: str) -> None:
    text, encoding, how = decode(data, "a.txt")
    assert how.endswith(said)
    assert [int(word) for word in how.split() if word.isdigit()] == [text.count("\ufffd")]
    assert text == data.decode(encoding, "replace")


def test_a_mark_that_lies_is_refused() -> None:
    data = codecs.BOM_UTF8 + "红柳村的农户收入提高".encode("gb18030")
    with pytest.raises(ReadError, match=r"^a\.txt: \d+ of \d+ characters cannot be read as utf-8-sig; save it again"):
        decode(data, "a.txt")


@given(st.binary(max_size=300))
def test_whoever_decodes_by_the_name_gets_the_same_text(data: bytes) -> None:
    try:
        text, encoding, _ = decode(data, "a.txt")
    except ReadError:
        return
    assert data.decode(encoding, "replace") == text


@given(st.text("村民合作社油茶耕地收入提高", min_size=8), st.sampled_from(ENCODINGS))
def test_a_cut_character_is_no_evidence(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert likeliest(data)[0] == likeliest(data[:-1])[0] == encoding


def table(count: int) -> Iterator[str]:
    """The accuracies in percent, a line for each encoding and damage."""
    yield f"{'encoding':12}{'damage':10}" + "".join(f"{n:>8}" for n in LENGTHS)
    for damage in DAMAGES:
        for encoding in ENCODINGS:
            row = (accuracy(encoding, length, damage, count) for length in LENGTHS)
            yield f"{encoding:12}{damage:10}" + "".join(f"{100 * share:8.1f}" for share in row)


if __name__ == "__main__":
    for line in table(300):
        sys.stdout.write(line + "\n")
