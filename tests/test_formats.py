"""One report, many files: the same numbers come out of text, Word, web page and PDF, and each format's own ways."""

from __future__ import annotations

import codecs
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import documents as build
import pandas as pd
import pytest
from conftest import read_tables

from pipeline import cli
from pipeline.errors import ReadError
from pipeline.ingest import sources_in
from pipeline.read import read_source
from pipeline.read.sniff import format_of

HANS = """红柳村2019年度脱贫攻坚工作总结
2019年以来，红柳村在镇党委的领导下，围绕“两不愁三保障”目标，全力推进各项工作，现将有关情况总结如下。
一、基本情况
红柳村位于县城东部，距县城18公里，全村辖9个村民小组，共有农户423户1687人，其中劳动力905人。全村共有党员47人，村“两委”干部5人。\
全村总面积12.6平方公里，耕地面积2360亩，其中水田780亩，林地面积5400亩。截至2019年底，全村共有建档立卡贫困户86户312人，已脱贫79户291人，\
贫困发生率降至1.24%。
二、主要做法
（一）加强组织领导
成立了以村支书为组长的领导小组，召开专题会议14次，制定帮扶计划86份，全村47名党员结对帮扶贫困户86户，走访群众650余人次。
（二）发展特色产业
1、种植业。全村种植金银花320亩，带动贫困户41户增收，户均增收2600元；种植油菜460亩，产量6.9万公斤。
2、养殖业。发展肉牛养殖35户，存栏肉牛260头；发放鸡苗5000羽，覆盖贫困户52户。
（1）扶持合作社。引进合作社2家，投入产业资金58.5万元，入股贫困户63户，户均分红800元。
（2）发展电商。开设网店1个，全年销售额21万元。
（三）改善基础设施
硬化通组公路7.2公里，修建水渠3.5公里，安装太阳能路灯120盏，投入资金186万元。新建卫生室1个，面积80平方米。
三、脱贫情况
2019年各组脱贫情况如下：
组别\t户数\t人数
一组\t12户\t45人
二组\t9户\t31人
三组\t15户\t58人
四、保障政策落实
全村86户贫困户全部参加城乡居民医疗保险，参保312人；享受低保36户98人；发放教育资助28人，资助金额4.2万元。
一是危房改造。2019年完成危房改造23户，每户补助2.5万元。
二是易地搬迁。搬迁安置11户42人。
五、存在的问题
群众增收渠道不宽，仍有7户21人未脱贫，占全村贫困人口的6.73%；有23名劳动力缺乏技能。
六、下一步打算
2020年，计划脱贫7户21人，实现全部脱贫；计划完成以下工作：
1.\t新增金银花种植100亩；
2.\t计划培训劳动力60人次；
3.\t硬化入户路2.8公里，力争人均纯收入达到9500元。
红柳村村民委员会
2019年12月20日
"""
HANT = """紅柳村2019年度脫貧攻堅工作總結
一、基本情況
紅柳村位於縣城東部，全村共有農戶423戶1687人，其中勞動力905人，耕地面積2360畝。截至2019年底，全村共有貧困戶86戶312人，已脫貧79戶291人。
二、主要做法
（一）發展產業。全村種植金銀花320畝，帶動貧困戶41戶增收，戶均增收2600元。
（二）改善基礎設施。硬化公路7.2公里，投入資金186萬元。
三、下一步打算
2020年，計劃脫貧7戶21人，實現全部脫貧。
"""
CORE = ["indicator", "value", "period", "status"]


def save(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def forms_of(text: str, *, hant: bool = False) -> dict[str, bytes]:
    """The same report in every kind of file."""
    blocks = build.parse(text)
    files = {
        "utf-8.txt": text.encode(),
        "marked.txt": codecs.BOM_UTF8 + text.encode(),
        "utf-16.txt": codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
        "windows.txt": text.replace("\n", "\r\n").encode("gb18030"),
        "word.docx": build.as_docx(blocks),
        "page.html": build.as_html(blocks),
        "declared.html": build.as_html(blocks, charset="gbk"),
        "print.pdf": build.as_pdf(blocks, header="内部资料"),
        "page.doc": build.as_html(blocks),
    }
    if hant:
        files |= {"big5.txt": text.encode("big5"), "big5.html": build.as_html(blocks, charset="big5")}
    return files


class Tables:
    """The tables of a report in all its forms; `rows` are the core observations of each source, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        arrow = read_tables(folder)
        self.sources = arrow["sources"].to_pandas().set_index("source")
        self.observations = arrow["observations"].to_pandas()
        core = self.observations[["source", *CORE]].astype({"value": object}).astype(str)
        self.rows = {s: list(map(tuple, rows[CORE].to_numpy())) for s, rows in core.groupby("source")}


@pytest.fixture(scope="module")
def hans(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(save(tmp_path_factory.mktemp("hans"), forms_of(HANS)))


@pytest.fixture(scope="module")
def hant(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(save(tmp_path_factory.mktemp("hant"), forms_of(HANT, hant=True)))


def test_the_report_has_something_to_find(hans: Tables, hant: Tables) -> None:
    assert len(hans.rows["utf-8.txt"]) > 60
    assert len(hant.rows["utf-8.txt"]) > 10
    for tables in (hans, hant):
        assert set(tables.sources["status"]) == {"ok"}
        assert len({row[0] for row in tables.rows["utf-8.txt"]}) > 5, "many indicators"
        assert {"actual", "planned"} <= {row[3] for row in tables.rows["utf-8.txt"]}


@pytest.mark.parametrize("name", sorted(forms_of(HANS).keys() - {"utf-8.txt"}))
def test_the_same_report_gives_the_same_core_observations(hans: Tables, name: str) -> None:
    assert hans.rows[name] == hans.rows["utf-8.txt"]


@pytest.mark.parametrize("name", sorted(forms_of(HANT, hant=True).keys() - {"utf-8.txt"}))
def test_the_same_traditional_report_gives_the_same_core_observations(hant: Tables, name: str) -> None:
    assert hant.rows[name] == hant.rows["utf-8.txt"]


@pytest.mark.parametrize("name", ["word.docx", "page.html", "print.pdf", "windows.txt"])
def test_offsets_count_in_the_text_that_the_command_prints(
    hans: Tables, name: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cunbao", "text", str(hans.folder / name)])
    with pytest.raises(SystemExit):
        cli.main()
    text = capfdbinary.readouterr().out.decode()
    rows = hans.observations[hans.observations["source"] == name]
    assert [text[a:b] for a, b in zip(rows["raw_start"], rows["raw_end"], strict=True)] == list(rows["raw_text"])


def test_what_sources_say_of_formats(hans: Tables) -> None:
    columns = hans.sources[["format", "encoding", "encoding_how", "extractor"]]
    found = {name: tuple(None if pd.isna(v) else v for v in row) for name, *row in columns.itertuples()}
    assert found["word.docx"][:3] == ("docx", None, None)
    assert found["print.pdf"][:3] == ("pdf", None, None)
    assert found["print.pdf"][3].endswith(", 2 pages")
    assert found["declared.html"][:3] == ("html", "gb18030", "declared by the page")
    assert found["page.doc"] == found["page.html"], "many a .doc is a web page"
    assert found["page.html"][1:] == ("utf-8", "valid UTF-8", found["word.docx"][3] + ", whole page")


# --- what a file is

DOCX = build.raw_docx(build.para("35户"))
KINDS = [
    ("a Word file by another name", "a.txt", DOCX, "docx"),
    ("a PDF by another name", "a.doc", build.empty_pdf(1), "pdf"),
    ("an old Word file", "a.wps", build.OLE, "doc"),
    ("a page called .doc", "a.doc", b"\xef\xbb\xbf\n<!-- x --><HTML >", "html"),
    ("a page called .txt", "a.txt", b"<!DOCTYPE html>", "html"),
    ("a page in UTF-16", "a.doc", "<html>".encode("utf-16"), "html"),
    ("an error page for a PDF", "a.pdf", b"<html><body>404", "html"),
    ("a text called .doc", "a.doc", "全村35户".encode("gbk"), "txt"),
    ("a text that speaks of pages", "a.txt", b"see <html> below", "txt"),
    ("no name", "a", b"35", "txt"),
    ("a damaged Word file", "a.docx", b"PK\x03\x04", "docx"),
    ("markdown", "a.md", b"# 35", "md"),
]


@pytest.mark.parametrize(("name", "data", "form"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS])
def test_what_a_file_is(name: str, data: bytes, form: str) -> None:
    assert format_of(data, name) == form


UNREAD = [
    ("RTF", "a.doc", b"{\\rtf1 35", "RTF is not read; save it as .docx or .txt"),
    ("RTF by its name", "a.rtf", b"35", "RTF is not read; save it as .docx or .txt"),
    (
        "a web archive",
        "a.doc",
        b"From: x\r\nMIME-Version: 1.0\r\n",
        "a web archive (.mht) is not read; save it as .docx or .txt",
    ),
    (
        "a spreadsheet",
        "a.docx",
        build.packed({"[Content_Types].xml": "", "xl/workbook.xml": ""}),
        "spreadsheets, slides and other office files are not read; save its text as .docx or .txt",
    ),
    (
        "an old spreadsheet",
        "a.xls",
        build.OLE[:600],
        "spreadsheets, slides and other office files are not read; save its text as .docx or .txt",
    ),
    (
        "a locked Word file",
        "a.docx",
        build.OLE[:600] + "EncryptedPackage".encode("utf-16-le"),
        "it is protected by a password; save it without one",
    ),
    ("an archive", "a.txt", build.packed({"b.txt": "35"}), "an archive inside an archive is not opened; unpack it"),
    ("a picture", "a.jpg", b"\xff\xd8\xff", "files of type .jpg are not read; save it as .txt in UTF-8"),
]


@pytest.mark.parametrize(("name", "data", "said"), [u[1:] for u in UNREAD], ids=[u[0] for u in UNREAD])
def test_what_is_not_read(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    assert build.refusal(tmp_path, name, data) == ("unsupported", f"{name}: {said}")


EMPTY = [
    ("a Word file", "a.docx", build.raw_docx("<w:p/>"), "the document holds no text"),
    ("a page", "a.html", b"<html><body><script>35</script>", "the page holds no text"),
    ("a page without anything", "a.html", b"<html></html>", "the page holds no text"),
    ("an archive", "a.zip", build.packed({".hidden": "35"}), "the archive is empty"),
]


@pytest.mark.parametrize(("name", "data", "said"), [e[1:] for e in EMPTY], ids=[e[0] for e in EMPTY])
def test_what_is_empty(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    assert build.refusal(tmp_path, name, data) == ("empty", f"{name}: {said}; collect it again or remove it")


# --- archives


def test_each_file_of_an_archive_is_a_source(tmp_path: Path) -> None:
    files = {
        "村/甲.txt": "全村35户。".encode("gb18030"),
        "乙.docx": build.as_docx(build.parse("总结\n全村12户。")),
        "空.txt": b"",
        "__MACOSX/._甲.txt": b"x",
        "村/.DS_Store": b"x",
        "内.zip": build.packed({"x.txt": "35"}),
    }
    save(tmp_path, {"报告.zip": build.packed(files), "b.txt": "全村7户。".encode()})
    tables = read_tables(tmp_path)
    found = tables["sources"].to_pandas().set_index("source")[["status", "format", "observations"]]
    assert {s: tuple(None if pd.isna(v) else v for v in row) for s, *row in found.itertuples()} == {
        "b.txt": ("ok", "txt", 1),
        "报告.zip/乙.docx": ("ok", "docx", 1),
        "报告.zip/内.zip": ("unsupported", None, 0),
        "报告.zip/村/甲.txt": ("ok", "txt", 1),
        "报告.zip/空.txt": ("empty", None, 0),
    }
    observations = tables["observations"].to_pandas()
    assert dict(zip(observations["source"], observations["value"], strict=True)) == {
        "b.txt": 7.0,
        "报告.zip/乙.docx": 12.0,
        "报告.zip/村/甲.txt": 35.0,
    }


def test_a_copy_in_an_archive_has_ids_of_its_own(tmp_path: Path) -> None:
    text = "全村35户。".encode()
    save(tmp_path, {"a.txt": text, "b.zip": build.packed({"a.txt": text})})
    observations = read_tables(tmp_path)["observations"].to_pandas()
    assert list(observations["source"]) == ["a.txt", "b.zip/a.txt"]
    assert observations["observation_id"].is_unique


def with_names(names: Iterable[bytes], *, utf8_flag: bool = False) -> bytes:
    """An archive whose members have exactly these bytes as names."""
    plain = build.packed({f"{i:0{len(name)}d}": f"全村{i + 1}户。" for i, name in enumerate(names)})
    for i, name in enumerate(names):
        plain = plain.replace(f"{i:0{len(name)}d}".encode(), name)
    if utf8_flag:
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            pieces = plain.split(mark)
            plain = mark.join([pieces[0], *(p[: at - 4] + b"\0\x08" + p[at - 2 :] for p in pieces[1:])])
    return plain


NAMES = [
    ("GBK", ["红柳村/总结.txt".encode("gbk"), "情况.txt".encode("gbk")], False, ["情况.txt", "红柳村/总结.txt"]),
    ("UTF-8 without its flag", ["红柳村.txt".encode()], False, ["红柳村.txt"]),
    ("UTF-8 with its flag", ["红柳村.txt".encode()], True, ["红柳村.txt"]),
    ("backslashes", [b"dir\\long name.txt"], False, ["dir/long name.txt"]),
    ("steps upwards", [b"../../etc/passwd.txt"], False, ["etc/passwd.txt"]),
    ("from the root", [b"/etc/passwd.txt"], False, ["etc/passwd.txt"]),
]


@pytest.mark.parametrize(("names", "flag", "found"), [n[1:] for n in NAMES], ids=[n[0] for n in NAMES])
def test_names_in_archives(tmp_path: Path, names: list[bytes], flag: bool, found: list[str]) -> None:
    save(tmp_path, {"a.zip": with_names(names, utf8_flag=flag)})
    files = sources_in(tmp_path)
    assert [source for source, _ in files] == [f"a.zip/{name}" for name in found]
    assert all(read_source(path, source).text.startswith("全村") for source, path in files)


def test_two_files_of_one_name(tmp_path: Path) -> None:
    data = with_names([b"a/b.txt", b"a\\b.txt"])
    assert build.refusal(tmp_path, "a.zip", data) == (
        "failed", "a.zip: this archive holds two files of the same name; unpack it yourself"
    )  # fmt: skip
    assert [source for source, _ in sources_in(tmp_path)] == ["a.zip"], "it is one row of sources"


def test_an_encrypted_member_and_one_that_is_not_there(tmp_path: Path) -> None:
    data = bytearray(build.packed({"a.txt": "35户", "b.txt": "12户"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    save(tmp_path, {"a.zip": bytes(data)})
    for name, said in (("a.txt", "it is protected by a password"), ("c.txt", "cannot be opened")):
        with pytest.raises(ReadError, match=rf"^a\.zip/{name}: {said}"):
            read_source(tmp_path / "a.zip" / name, f"a.zip/{name}")
    assert read_source(tmp_path / "a.zip" / "b.txt", "a.zip/b.txt").text == "12户"


def test_a_changed_archive_is_read_anew(tmp_path: Path) -> None:
    for number in ("35", "120"):
        save(tmp_path, {"a.zip": build.packed({"a.txt": f"{number}户"}, level=zipfile.ZIP_STORED)})
        assert read_source(tmp_path / "a.zip" / "a.txt", "a.zip/a.txt").text == f"{number}户"


def test_an_archive_itself_is_no_report(tmp_path: Path) -> None:
    status, said = build.refusal(tmp_path, "a.zip", build.packed({"a.txt": "35", "b.txt": "12"}))
    assert (status, said) == ("failed", "a.zip: this is an archive of 2 files; name one of them: a.zip/a.txt")
