"""Word files: what a reader of the page sees, the numbers that Word computes, and old files by a converter."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import documents as build
import pytest

from pipeline.read import doc, docx, read_source
from pipeline.read.numbering import in_form

SHOWN = '<w:vanish w:val="0"/>'
CELL = "<w:tc><w:tcPr>{}</w:tcPr>{}</w:tc>"


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def row(*cells: str) -> str:
    return (
        "<w:tr>" + "".join(c if c.startswith("<w:tc>") else CELL.format("", build.para(c)) for c in cells) + "</w:tr>"
    )


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


BOX = f"<w:txbxContent>{build.para('框内有12户')}</w:txbxContent>"
WORD = {
    "insertions are text": (f"<w:p>{run('全村')}<w:ins>{run('35户')}</w:ins></w:p>", ["全村35户"]),
    "deletions are not": (
        f"<w:p>{run('全村')}<w:del><w:r><w:delText>99</w:delText><w:tab/></w:r></w:del>{run('35户')}</w:p>",
        ["全村35户"],
    ),
    "moved text stands once": (
        f"<w:p><w:moveFrom>{run('35户')}</w:moveFrom></w:p><w:p><w:moveTo>{run('35户')}</w:moveTo></w:p>",
        ["", "35户"],
    ),
    "a deleted mark joins paragraphs": (
        build.para("全村", "<w:rPr><w:del/></w:rPr>") + build.para("35户"),
        ["全村35户"],
    ),
    "a deleted row": (
        table("<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>", row("一组", "5户")),
        ["一组\t5户"],
    ),
    "hidden text": (f"<w:p>{run('35户')}{run('99户', '<w:vanish/>')}{run('。', SHOWN)}</w:p>", ["35户。"]),
    "hyperlinks, fields and tags": (
        f"<w:p><w:hyperlink>{run('全村')}</w:hyperlink><w:r><w:instrText>PAGE 9</w:instrText></w:r>"
        f"<w:fldSimple>{run('3')}</w:fldSimple><w:smartTag>{run('5户')}</w:smartTag></w:p>",
        ["全村35户"],
    ),
    "a content control": (f"<w:sdt><w:sdtContent>{build.para('35户')}</w:sdtContent></w:sdt>", ["35户"]),
    "a control in a line": (
        f"<w:p>{run('全村')}<w:sdt><w:sdtContent>{run('35户')}</w:sdtContent></w:sdt></w:p>",
        ["全村35户"],
    ),
    "breaks and tabs": (
        "<w:p><w:r><w:t>甲</w:t><w:br/><w:t>乙</w:t><w:tab/><w:t>丙</w:t></w:r></w:p>",
        ["甲", "乙\t丙"],
    ),
    "a reading above": (
        f"<w:p><w:r><w:ruby><w:rt>{run('tǒng')}</w:rt><w:rubyBase>{run('统')}</w:rubyBase></w:ruby></w:r>{run('一')}</w:p>",
        ["统一"],
    ),
    "a text box, once": (
        f"<w:p>{run('全村')}<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{BOX}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><v:textbox>{BOX}</v:textbox></mc:Fallback></mc:AlternateContent></w:r>{run('35户')}</w:p>",
        ["全村35户", "框内有12户"],
    ),
    "a text box of old": (
        f"<w:p><w:r><w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict></w:r></w:p>",
        ["", "框内有12户"],
    ),
    "rows in order": (
        build.para("前") + table(row("一组", "5户"), row("二组", "7户")) + build.para("后"),
        ["前", "一组\t5户", "二组\t7户", "后"],
    ),
    "cells merged sideways": (
        table(row(CELL.format('<w:gridSpan w:val="2"/>', build.para("种植")), "5户")),
        ["种植\t5户"],
    ),
    "cells merged downwards": (
        table(
            row(CELL.format('<w:vMerge w:val="restart"/>', build.para("种植")), "5户"),
            row(CELL.format("<w:vMerge/>", build.para("")), "7户"),
        ),
        ["种植\t5户", "\t7户"],
    ),
    "a name broken in its cell": (
        table(row(CELL.format("", build.para("贫困") + build.para("户数")), "5户")),
        ["贫困户数\t5户"],
    ),
    "a table in a cell": (table(row("甲", CELL.format("", table(row("一组", "5户")) + "<w:p/>"))), ["甲", "一组\t5户"]),
    "a frame around a text": (table(row(CELL.format("", build.para("甲") + build.para("乙")))), ["甲", "乙"]),
    "a long text in a form": (
        table(row("总结", CELL.format("", build.para("村" * 60) + build.para("户" * 60)))),
        ["总结", "村" * 60, "户" * 60],
    ),
    "an empty paragraph": (build.para("甲") + "<w:p/>" + build.para("乙"), ["甲", "", "乙"]),
}


@pytest.mark.parametrize(("body", "lines"), WORD.values(), ids=WORD)
def test_what_a_reader_of_a_word_file_sees(body: str, lines: list[str]) -> None:
    text, _ = docx.text_of(build.raw_docx(body), "a.docx")
    assert text == "\n".join(lines) + "\n"


def test_headers_footers_and_notes_stay_apart() -> None:
    text, _ = docx.text_of(build.as_docx(build.parse("总结\n全村35户。")), "a.docx")
    assert text == "总结\n全村35户。\n"


def test_a_lost_picture_does_not_matter() -> None:
    lost = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    lost += f'Type="{build.OFFICE}/image" Target="NULL"/></Relationships>'
    data = build.raw_docx(build.para("35户"), more={"word/_rels/document.xml.rels": lost})
    assert docx.text_of(data, "a.docx")[0] == "35户\n"


CHINESE = (
    ("chineseCounting", "%1、"),
    ("chineseCounting", "（%2）"),
    ("decimal", "%3."),
    ("decimalEnclosedCircle", "%4"),
)
LISTS = {
    "levels count and start again": (
        build.numbering(CHINESE),
        [(0, 1), (1, 1), (2, 1), (2, 1), (1, 1), (2, 1), (3, 1), (0, 1), (1, 1)],
        ["一、", "（一）", "1.\t", "2.\t", "（二）", "1.\t", "①\t", "二、", "（一）"],
    ),
    "numbers of levels above": (
        build.numbering([("decimal", "%1"), ("decimal", "%1.%2")]),
        [(0, 1), (1, 1), (1, 1), (0, 1), (1, 1)],
        ["1\t", "1.1\t", "1.2\t", "2\t", "2.1\t"],
    ),
    "bullets say nothing": (build.numbering([("bullet", "\uf0b7")]), [(0, 1), (0, 1)], ["", ""]),
    "a second list counts on": (
        build.numbering([("decimal", "%1.")], nums=build.ONE_LIST + build.ONE_LIST.replace('numId="1"', 'numId="2"')),
        [(0, 1), (0, 2), (0, 1)],
        ["1.\t", "2.\t", "3.\t"],
    ),
    "a second list starts anew": (
        build.numbering(
            [("decimal", "%1.")],
            nums=build.ONE_LIST + '<w:num w:numId="2"><w:abstractNumId w:val="0"/>'
            '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>',
        ),
        [(0, 1), (0, 2), (0, 2)],
        ["1.\t", "5.\t", "6.\t"],
    ),
    "no such list": (build.numbering([("decimal", "%1.")]), [(0, 0), (0, 7), (5, 1)], ["", "", ""]),
}


@pytest.mark.parametrize(("numbering", "places", "labels"), LISTS.values(), ids=LISTS)
def test_the_numbers_that_word_computes(numbering: str, places: Iterable[tuple[int, int]], labels: list[str]) -> None:
    body = "".join(build.numbered("村", level, number) for level, number in places)
    text, _ = docx.text_of(build.raw_docx(body, numbering=numbering), "a.docx")
    assert text.splitlines() == [f"{label}村" for label in labels]


def test_a_style_numbers_its_paragraphs() -> None:
    styles = (
        '<w:style w:styleId="H"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="H2"><w:basedOn w:val="H"/></w:style>'
        '<w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>'
    )
    body = "".join(build.para("村", f'<w:pStyle w:val="{name}"/>') for name in ("H", "H2", "Loop", "None"))
    body += build.para("村", '<w:pStyle w:val="H"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    data = build.raw_docx(body, numbering=build.numbering(CHINESE), styles=styles)
    assert docx.text_of(data, "a.docx")[0].splitlines() == ["一、村", "二、村", "村", "村", "村"]


FORMS = [
    (12, "chineseCounting", "十二"),
    (105, "chineseCountingThousand", "一百零五"),
    (3, "decimal", "3"),
    (3, "decimalZero", "03"),
    (28, "lowerLetter", "bb"),
    (4, "upperRoman", "IV"),
    (10, "decimalEnclosedCircle", "⑩"),
    (21, "decimalEnclosedCircle", "21"),
    (12, "decimalFullWidth", "１２"),
    (7, "unheardOf", "7"),
    (3, "none", ""),
    (10**9, "chineseCounting", "一万"),
    (0, "upperRoman", "0"),
]


@pytest.mark.parametrize(("number", "form", "text"), FORMS, ids=[f"{n} {f}" for n, f, _ in FORMS])
def test_formats_of_numbers(number: int, form: str, text: str) -> None:
    assert in_form(number, form) == text


# --- .doc, by a converter of the machine: here, one that does what it is told


def converter(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `name` the only converter on the path."""
    (folder / "bin").mkdir()
    program = folder / "bin" / name
    program.write_text(f"#!{sys.executable} -S\nimport os, shutil, sys, time\n{script}\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder / "bin"))


posix = pytest.mark.skipif(os.name != "posix", reason="the converters of these tests are scripts")


@posix
def test_libreoffice_converts_to_docx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.docx").write_bytes(build.as_docx(build.parse("总结\n全村35户。")))
    script = f"""
if '--version' in sys.argv: print('LibreOffice 7.4.7.2 40'); sys.exit()
assert '--headless' in sys.argv and open(sys.argv[-1], 'rb').read(4) == bytes.fromhex('d0cf11e0')
profile = sys.argv[1].removeprefix('-env:UserInstallation=file://')
assert 'DisableMacrosExecution' in open(profile + '/user/registrymodifications.xcu').read()
out = sys.argv[sys.argv.index('--outdir') + 1]
os.makedirs(out); shutil.copy({str(tmp_path / "made.docx")!r}, out + '/report.docx')"""
    converter(tmp_path, "soffice", script, monkeypatch)
    (tmp_path / "a.doc").write_bytes(build.OLE)
    raw = read_source(tmp_path / "a.doc", "a.doc")
    assert (raw.text, raw.format, raw.encoding) == ("总结\n全村35户。\n", "doc", "")
    assert raw.extractor.startswith("LibreOffice 7.4.7.2, lxml ")


@posix
def test_antiword_gives_text_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "sys.stdout.buffer.write('总结\\n|一组 |12户 |\\n|二组 |7户 |\\n'.encode())"
    converter(tmp_path, "antiword", script, monkeypatch)
    (tmp_path / "a.doc").write_bytes(build.OLE)
    assert read_source(tmp_path / "a.doc", "a.doc").text == "总结\n一组\t12户\n二组\t7户\n"


@posix
@pytest.mark.parametrize("script", ["sys.exit(1)", "pass", "time.sleep(30)"], ids=["fails", "writes nothing", "hangs"])
def test_a_converter_that_does_not_deliver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(doc, "TIME_LIMIT", 1.0)
    converter(tmp_path, "soffice", script, monkeypatch)
    status, said = build.refusal(tmp_path, "a.doc", build.OLE)
    assert status == "failed"
    assert said.startswith("a.doc: it ")
    assert said.endswith("; save it as .docx")


def test_no_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build.refusal(tmp_path, "a.doc", build.OLE) == (
        "unsupported",
        "a.doc: this machine has no converter for .doc; install LibreOffice or antiword, or save it as .docx",
    )
