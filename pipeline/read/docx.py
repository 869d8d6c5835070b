"""Word files: the text that a reader of the page sees, in order.

python-docx's `iter_inner_content` passes over content controls, tracked insertions and text boxes, and the library
refuses a file that lost a picture; so the tree is walked here. Headers, footers, notes and comments stay apart.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from lxml import etree

from pipeline.errors import ReadError
from pipeline.read.archive import DAMAGED, fault_of, unpacked
from pipeline.read.numbering import Lists, W, lists_of
from pipeline.read.rows import row_lines

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAX_UNPACKED = 400_000_000  # bytes of all parts; pictures are never unpacked
MAX_PART = 32_000_000  # bytes of one part of XML: a report of a million characters
RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"  # the name of W in files saved as "strict"
CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
GONE = {
    W + name
    for name in ("del", "moveFrom", "delText", "delInstrText", "instrText", "rt", "pPr", "rPr", "tblPr", "sectPr")
}
BREAKS = {W + "br": "\n", W + "cr": "\n", W + "tab": "\t", W + "noBreakHyphen": "-"}


def text_of(data: bytes, source: str) -> tuple[str, str]:
    """The text of a .docx, a line for each paragraph and row, and what extracted it.

    Raises ReadError if it is damaged, holds no text or goes beyond the limits.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGED:
        raise ReadError(f"{source}: it is no .docx file or damaged; save it anew or as .txt") from None
    fault = fault_of(package, MAX_UNPACKED)
    if fault:
        raise ReadError(f"{source}: {fault}")
    parts = _Parts(package, source)
    main = parts.related("", "officeDocument") or "word/document.xml"
    document = parts.root(main)
    body = None if document is None else document.find(f"{W}body")
    if body is None:
        raise ReadError(f"{source}: it is no .docx file or damaged (no document in it); save it anew or as .txt")
    lists = lists_of(*(parts.root(parts.related(main, kind)) for kind in ("numbering", "styles")))
    lines = _Body(lists).lines(body)
    if not any(line.strip() for line in lines):
        raise ReadError(f"{source}: the document holds no text; collect it again or remove it", status="empty")
    return "\n".join(lines) + "\n", f"lxml {etree.__version__}"


class _Parts:
    """The parts of a package, parsed when asked for."""

    def __init__(self, package: zipfile.ZipFile, source: str) -> None:
        self._package = package
        self._source = source
        self._names = {name.lower(): name for name in package.namelist()}

    def root(self, name: str) -> Element | None:
        """The root element of a part of XML; None if there is no such part."""
        found = self._names.get(name.lower())
        if found is None:
            return None
        info = self._package.getinfo(found)
        if info.file_size > MAX_PART:
            raise ReadError(
                f"{self._source}: {found} in it has {info.file_size:,} bytes, more than the {MAX_PART:,} allowed; "
                "split the file"
            )
        data = unpacked(self._package, info, f"{self._source}: {found} in it")
        if b"<!DOCTYPE" in data.replace(b"\0", b""):  # the format forbids it: only entity bombs have one
            raise ReadError(f"{self._source}: {found} in it declares entities, which Word never does; do not use it")
        return self._parse(data.replace(STRICT, W[1:-1].encode()), found)

    def _parse(self, data: bytes, name: str) -> Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            deep = "depth" in str(error)
            what = "is nested too deeply" if deep else "is damaged"
            raise ReadError(f"{self._source}: {name} in it {what}; save the file anew or as .txt") from None

    def related(self, part: str, kind: str) -> str:
        """The name of the part to which `part` (or the package, "") is related in the way `kind`; empty if none."""
        folder, base = dirname(part), part.rpartition("/")[2]
        root = self.root(join(folder, "_rels", f"{base}.rels"))
        for relation in () if root is None else root.iterfind(f"{RELATIONS}Relationship"):
            if relation.get("Type", "").endswith(f"/{kind}") and relation.get("TargetMode") != "External":
                target = relation.get("Target", "")
                return normpath(target.lstrip("/") if target.startswith("/") else join(folder, target))
        return ""


class _Body:
    """Walks the blocks of a document in order; counts its lists on the way."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._boxes: list[Element] = []  # the text boxes of the paragraph that is read

    def lines(self, parent: Element) -> list[str]:
        """The lines of a body, a cell or a text box."""
        lines: list[str] = []
        open_end = False
        for block in _blocks(parent):
            if block.tag == W + "tbl":
                lines += self._table(block)
                open_end = False
                continue
            found, boxes = self._paragraph(block)
            if open_end and lines:
                lines[-1] += found[0]
                found = found[1:]
            lines += found + boxes
            open_end = _merges(block) and not boxes
        return lines

    def _paragraph(self, paragraph: Element) -> tuple[list[str], list[str]]:
        """The lines of a paragraph, and those of the text boxes that hang on it."""
        outer, self._boxes = self._boxes, []
        text = "".join(self._inline(paragraph))
        if text.strip() or not _merges(paragraph):  # Word counts an empty paragraph too, but not a deleted one
            label = self._lists.label(paragraph)
            text = label + text if text.strip() else text
        boxes = [line for box in self._boxes for line in self.lines(box) if line.strip()]
        self._boxes = outer
        return text.split("\n"), boxes

    def _inline(self, parent: Element | tuple[()]) -> Iterator[str]:
        for child in parent:
            tag = child.tag
            if not isinstance(tag, str) or tag in GONE:
                continue
            if tag in (W + "t", MATH_TEXT):
                yield child.text or ""
            elif tag in BREAKS:
                yield BREAKS[tag]
            elif tag == W + "sym":
                yield _symbol(child)
            elif tag == W + "txbxContent":
                self._boxes.append(child)
            elif tag == CHOICE + "AlternateContent":
                yield from self._inline(_chosen(child))
            elif not (tag == W + "r" and _hidden(child)):
                yield from self._inline(child)

    def _table(self, table: Element) -> list[str]:
        lines = []
        for row in _inside(table, W + "tr"):
            if row.find(f"{W}trPr/{W}del") is None:
                cells = list(_inside(row, W + "tc"))
                frame = any(cell.find(f".//{W}tbl") is not None for cell in cells)
                lines += row_lines([self._cell(cell) for cell in cells], frame=frame)
        return lines

    def _cell(self, cell: Element) -> list[str]:
        """The lines of a cell; nothing for one that belongs to the cell above it (vertically merged)."""
        merged = cell.find(f"{W}tcPr/{W}vMerge")
        if merged is not None and merged.get(W + "val", "continue") != "restart":
            return []
        return [line for line in self.lines(cell) if line.strip()]


def _blocks(parent: Element | tuple[()]) -> Iterator[Element]:
    """The paragraphs and tables of a body or cell, also those in content controls and custom XML."""
    for child in parent:
        if child.tag in (W + "p", W + "tbl"):
            yield child
        elif child.tag == CHOICE + "AlternateContent":
            yield from _blocks(_chosen(child))
        elif child.tag in (W + "sdt", W + "sdtContent", W + "customXml", W + "ins", W + "moveTo"):
            yield from _blocks(child)


def _inside(parent: Element, tag: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also those in content controls."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in (W + "sdt", W + "sdtContent", W + "customXml"):
            yield from _inside(child, tag)


def _chosen(alternate: Element) -> Element | tuple[()]:
    """The first reading of a passage that is written for new and for old versions of Word."""
    choice = alternate.find(f"{CHOICE}Choice")
    fallback = alternate.find(f"{CHOICE}Fallback")
    return choice if choice is not None else fallback if fallback is not None else ()


def _merges(paragraph: Element) -> bool:
    """Whether the mark at the end of a paragraph is a tracked deletion: its text goes on in the next one."""
    return paragraph.find(f"{W}pPr/{W}rPr/{W}del") is not None


def _hidden(run: Element) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(W + "val", "1") not in {"0", "false", "off"}


def _symbol(element: Element) -> str:
    """A character of a symbol font, by its code point; U+FFFD if it names none."""
    try:
        return chr(int(element.get(W + "char", ""), 16))
    except (ValueError, OverflowError):
        return "\ufffd"
