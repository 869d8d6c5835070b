"""Bytes of a file -> text: the encoding is found, damage is counted, and what is no text is refused in one sentence."""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

import pytest

from pipeline.errors import ReadError
from pipeline.read import archive, read_source
from pipeline.read.encoding import decode

HANS = (
    "红柳村某年脱贫攻坚工作总结\n\n一、基本情况\n红柳村位于县城东部,全村共有农户320户,耕地面积1739亩。"
    "去年以来,村“两委”带领群众新修水渠,发展油茶产业,群众的收入有了很大的提高。\n"
    "二、存在的问题\n一是产业规模小;二是青年外出务工多。\n"
)
HANT = (
    "紅柳村某年脫貧攻堅工作總結\n\n一、基本情況\n紅柳村位於縣城東部,全村共有農戶320戶,耕地面積1739畝。"
    "去年以來,村裡帶領群眾新修水渠,發展油茶產業,群眾的收入有了很大的提高。\n"
)

CLEAN = [
    pytest.param(HANS, HANS.encode(), "utf-8", id="utf-8"),
    pytest.param(HANS, codecs.BOM_UTF8 + HANS.encode(), "utf-8-sig", id="utf-8 marked"),
    pytest.param(HANS, HANS.encode("gb18030"), "gb18030", id="gb18030"),
    pytest.param(HANT, HANT.encode("gb18030"), "gb18030", id="gb18030 traditional"),
    pytest.param(HANT, HANT.encode("big5hkscs"), "big5hkscs", id="big5"),
    pytest.param(HANS, HANS.encode("utf-16-le"), "utf-16-le", id="utf-16-le"),
    pytest.param(HANS, HANS.encode("utf-16-be"), "utf-16-be", id="utf-16-be"),
    pytest.param(HANS, codecs.BOM_UTF16_LE + HANS.encode("utf-16-le"), "utf-16", id="utf-16-le marked"),
    pytest.param(HANS, codecs.BOM_UTF16_BE + HANS.encode("utf-16-be"), "utf-16", id="utf-16-be marked"),
    pytest.param("全村35户", "全村35户".encode("gb18030"), "gb18030", id="a few characters of gb18030"),
    pytest.param("35", b"35", "utf-8", id="ascii"),
    pytest.param(HANS.replace("\n", "\r\n"), HANS.replace("\n", "\r\n").encode(), "utf-8", id="line ends stay"),
]


@pytest.mark.parametrize(("text", "data", "name"), CLEAN)
def test_encoding(text: str, data: bytes, name: str) -> None:
    decoded, encoding, how = decode(data, "a.txt")
    assert decoded == text
    assert data.decode(encoding) == text, "whoever decodes the file as `encoding` says must get the same offsets"
    assert encoding == name
    assert "undecodable" not in how


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE], ids=["little", "big"])
def test_a_marked_utf_16_file_is_decoded_without_its_mark(mark: bytes) -> None:
    name = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    text, _, how = decode(mark + HANS.encode(name), "a.txt")
    assert text == HANS
    assert how == "byte order mark"


DAMAGED = [
    ("an alien byte in utf-8", HANS.encode()[:60] + b"\xff" + HANS.encode()[60:], "utf-8", 1),
    ("a byte lost in utf-8", HANS.encode()[:60] + HANS.encode()[61:], "utf-8", 2),
    ("utf-8 cut in a character", (HANS + "村").encode()[:-1], "utf-8", 1),
    ("damage behind the first window", (HANS * 60).encode() + b"\xff" + HANS.encode(), "utf-8", 1),
    ("a byte lost in utf-16", codecs.BOM_UTF16_LE + HANS.encode("utf-16-le") + b"\n", "utf-16", 1),
]


@pytest.mark.parametrize(("data", "name", "lost"), [d[1:] for d in DAMAGED], ids=[d[0] for d in DAMAGED])
def test_damage_is_counted_and_the_rest_is_read(data: bytes, name: str, lost: int) -> None:
    text, encoding, how = decode(data, "a.txt")
    assert encoding == name
    assert text.count("\ufffd") == lost
    assert how.endswith(f", {lost} undecodable")
    assert "青年外出务工多" in text


def test_a_lost_byte_does_not_hide_gb18030() -> None:
    data = HANS.encode("gb18030")
    at = len(HANS[:20].encode("gb18030")) + 1
    text, encoding, _ = decode(data[:at] + data[at + 1 :], "a.txt")
    assert encoding == "gb18030"
    assert text.endswith("青年外出务工多。\n")


def noise(length: int) -> bytes:
    """Bytes without any structure, the same on every run."""
    return b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(length // 32))


EMPTY = "the file is empty; collect it again or remove it"
BLANK = "the file holds only blanks; collect it again or remove it"
NO_TEXT = "this is no text in any known encoding (binary data?); save it as .txt in UTF-8"
UNKNOWN = "files of type .xyz are not read; save it as .txt in UTF-8"
FOREIGN = "これは別の国の言葉で書かれた長い文です。".encode("shift-jis")
REFUSED = [
    ("empty", "a.txt", b"", "empty", EMPTY),
    ("only a mark", "a.txt", codecs.BOM_UTF8, "empty", EMPTY),
    ("only NUL", "a.txt", b"\0\0\0", "empty", EMPTY),
    ("line ends", "a.txt", b" \r\n\t\n", "empty", EMPTY),
    ("wide blanks", "a.txt", "\u3000\n\u3000".encode(), "empty", BLANK),
    ("noise", "a.txt", noise(4096), "failed", NO_TEXT),
    ("no Chinese encoding", "a.txt", FOREIGN, "failed", NO_TEXT),
    ("unknown kind", "a.xyz", HANS.encode(), "unsupported", UNKNOWN),
]


@pytest.mark.parametrize(("name", "data", "status", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_text_is_refused(tmp_path: Path, name: str, data: bytes, status: str, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError) as refused:
        read_source(tmp_path / name, name)
    assert str(refused.value) == f"{name}: {said}"
    assert refused.value.status == status


@pytest.mark.parametrize("name", ["missing.txt", "folder"])
def test_what_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReadError, match=rf"^{name}: cannot be opened \(.+\); check that it exists and may be read$"):
        read_source(tmp_path / name, name)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(HANS.encode())
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(
        ReadError, match=r"^a\.txt: [0-9,]+ bytes are more than the 100 a report may have; split the file$"
    ):
        read_source(tmp_path / "a.txt", "a.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.text", "a.md", "a"])
def test_plain_text_goes_by_several_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(HANS.encode())
    assert read_source(tmp_path / name, name).text == HANS


def test_what_is_known_of_a_file(tmp_path: Path) -> None:
    data = HANS.encode("gb18030")
    (tmp_path / "a.txt").write_bytes(data)
    raw = read_source(tmp_path / "a.txt", "sub/a.txt")
    assert (raw.source, raw.format, raw.encoding) == ("sub/a.txt", "txt", "gb18030")
    assert (raw.size, raw.sha256) == (len(data), hashlib.sha256(data).hexdigest())
