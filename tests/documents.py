"""Builds the files that the tests of formats read, at run time: one report as text, Word, web page and PDF."""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ReadError
from pipeline.read import read_source

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
COMPATIBLE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
SHAPE = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
ONE_LIST = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le") + b"\0" * 600
FONT = "STSong-Light"  # of the reader's machine, simplified and traditional: the files stay small


@dataclass(frozen=True)
class Block:
    """A part of a report: title, heading1 to heading4, text, table (of `rows`) or list (of `items`)."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()


def parse(text: str) -> list[Block]:
    """Blocks from a text: a line with tabs is a row of a table; after `1.` and a tab stands an item of a list."""
    blocks: list[Block] = []
    for i, line in enumerate(text.strip().split("\n")):
        first, *cells = line.split("\t")
        if cells and first.rstrip(".").isdigit():
            same = blocks and blocks[-1].kind == "list"
            items = (*(blocks.pop().items if same else ()), "\t".join(cells))
            blocks.append(Block("list", items=items))
        elif cells:
            same = blocks and blocks[-1].kind == "table"
            blocks.append(Block("table", rows=(*(blocks.pop().rows if same else ()), (first, *cells))))
        else:
            blocks.append(Block("title" if i == 0 else "text", line))
    return blocks


# --- web pages


def as_html(blocks: Sequence[Block], *, charset: str = "utf-8") -> bytes:
    """A plain page in `charset`, which it declares."""
    body = "\n".join(_html(b) for b in blocks)
    head = f'<!DOCTYPE html>\n<html><head><meta charset="{charset}"><title>x</title></head>'
    return f"{head}<body>\n{body}\n</body></html>".encode(charset)


def _html(block: Block) -> str:
    if block.kind == "table":
        rows = ("".join(f"<td>{html.escape(c)}</td>" for c in row) for row in block.rows)
        return "<table>" + "".join(f"<tr>{row}</tr>\n" for row in rows) + "</table>"
    if block.kind == "list":
        return "<ol>" + "".join(f"<li>{html.escape(i)}</li>" for i in block.items) + "</ol>"
    tag = "h1" if block.kind == "title" else "p"
    return f"<{tag}>{html.escape(block.text)}</{tag}>"


# --- Word


def as_docx(blocks: Sequence[Block]) -> bytes:
    """A Word file by python-docx; the items of lists are numbered by Word."""
    from docx import Document

    document = Document()
    for block in blocks:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]))
            for row, texts in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
        elif block.kind == "list":
            for item in block.items:
                document.add_paragraph(item, style="List Number")
        else:
            document.add_paragraph(block.text, style="Title" if block.kind == "title" else None)
    for part in (document.sections[0].header, document.sections[0].footer):
        part.paragraphs[0].text = "内部资料第9户"
    return saved(document)


def saved(document: object) -> bytes:
    """The bytes of a document of python-docx."""
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def raw_docx(
    body: str, *, numbering: str = "", styles: str = "", more: Mapping[str, bytes | str] | None = None
) -> bytes:
    """A Word file from the XML of its parts, for what python-docx does not write."""
    names = f'xmlns:w="{W}" xmlns:mc="{COMPATIBLE}" xmlns:wps="{SHAPE}" xmlns:v="urn:schemas-microsoft-com:vml"'
    parts = {"document": f"<w:body>{body}</w:body>", "numbering": numbering, "styles": styles}
    files: dict[str, bytes | str] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relations({"officeDocument": "word/document.xml"}),
        "word/_rels/document.xml.rels": _relations({k: f"{k}.xml" for k in ("numbering", "styles") if parts[k]}),
    }
    files |= {f"word/{k}.xml": f"<w:{k} {names}>{v}</w:{k}>" for k, v in parts.items() if v}
    return packed(files | dict(more or {}))


def _relations(targets: Mapping[str, str]) -> str:
    rows = "".join(f'<Relationship Id="r{k}" Type="{OFFICE}/{k}" Target="{v}"/>' for k, v in targets.items())
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def para(text: str, properties: str = "") -> str:
    """A paragraph of Word's XML; `properties` stands in its w:pPr."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{html.escape(text)}</w:t></w:r></w:p>"


def numbered(text: str, level: int = 0, number: int = 1) -> str:
    """A paragraph of a list."""
    return para(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def numbering(levels: Iterable[tuple[str, str]], *, nums: str = ONE_LIST) -> str:
    """One list definition, by (number format, text) of its levels."""
    rows = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(levels)
    )
    return f'<w:abstractNum w:abstractNumId="0">{rows}</w:abstractNum>{nums}'


def packed(files: Mapping[str, bytes | str], *, level: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A .zip of `files`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", level) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


# --- PDF


def as_pdf(blocks: Sequence[Block], *, header: str = "", numbered_pages: bool = True) -> bytes:
    """A PDF by reportlab as an office would print it: text set in by two characters, justified, with page numbers."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    font = _font()
    text = ParagraphStyle("text", fontName=font, fontSize=12, leading=20, wordWrap="CJK", firstLineIndent=24)
    title = ParagraphStyle("title", parent=text, fontSize=18, leading=28, alignment=1, firstLineIndent=0)
    story: list[object] = []
    for block in blocks:
        if block.kind == "table":
            grid = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), font, 11)]
            story.append(Table([list(row) for row in block.rows], style=grid))
        elif block.kind == "list":
            story += [Paragraph(f"{i}. {html.escape(item)}", text) for i, item in enumerate(block.items, start=1)]
        else:
            story.append(Paragraph(html.escape(block.text), title if block.kind == "title" else text))

    def decorate(canvas: object, document: object) -> None:
        canvas.setFont(font, 9)  # type: ignore[attr-defined]
        if header:
            canvas.drawString(72, 800, header)  # type: ignore[attr-defined]
        if numbered_pages:
            canvas.drawCentredString(297, 40, f"- {document.page} -")  # type: ignore[attr-defined]

    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=(595, 842), invariant=1).build(story, onFirstPage=decorate, onLaterPages=decorate)
    return file.getvalue()


def _font() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    return FONT


def empty_pdf(pages: int) -> bytes:
    """A PDF of empty pages, written by hand: no library is fast enough for ten thousand."""
    objects = [f"<</Type/Pages/Kids[{' '.join(f'{i} 0 R' for i in range(3, pages + 3))}]/Count {pages}>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * pages
    return plain_pdf(["<</Type/Catalog/Pages 2 0 R>>", *objects])


def plain_pdf(objects: Sequence[str]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    body, offsets = b"%PDF-1.4\n", []
    parts = []
    at = len(body)
    for i, content in enumerate(objects, start=1):
        parts.append(f"{i} 0 obj\n{content}\nendobj\n".encode("latin-1"))
        offsets.append(at)
        at += len(parts[-1])
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\n"
    return body + b"".join(parts) + f"{end}startxref\n{at}\n%%EOF".encode()


# --- what becomes of them


def refusal(folder: Path, name: str, data: bytes) -> tuple[str, str]:
    """(status, sentence) with which a file of these bytes is refused."""
    (folder / name).write_bytes(data)
    try:
        read_source(folder / name, name)
    except ReadError as error:
        return error.status, str(error)
    raise AssertionError(f"{name} was read")
