"""Web pages: the text of the report in them, without menus, scripts and the rest of the site around it.

A page that is nothing but its text (Word and old editors save such pages) is taken whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from pipeline.errors import ReadError
from pipeline.numerals import to_chinese
from pipeline.read.article import is_unseen, surroundings
from pipeline.read.rows import row_lines

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

ENTITY, HEAD = b"<!ENTITY", 4096  # entities are declared at the head of a page; only entity bombs have any
MAX_TAGS = 400_000  # a report of a hundred pages has some 10,000
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
BLANK = re.compile(r"[ \t\r\n\f\xa0]+")
CJK_STYLE = re.compile(r"list-style(?:-type)?\s{0,3}:[^;]{0,40}(?:cjk|chinese|informal|formal)", re.IGNORECASE)
LETTERS = {"a", "A"}
MOST_LETTERS = 26


def text_of(data: bytes, source: str) -> tuple[str, str]:
    """The text of a page in UTF-8, a line for each block and row, and what extracted it.

    Raises ReadError if it holds no text or goes beyond the limits.
    """
    if ENTITY in data[:HEAD]:
        raise ReadError(f"{source}: the page declares entities, which pages never do; do not use it")
    if data.count(b"<") > MAX_TAGS:
        raise ReadError(f"{source}: the page has more than {MAX_TAGS:,} tags; save its text as .txt")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ReadError(f"{source}: the page is nested too deeply, or one of its parts is too long; save it as .txt")
    body = None if root is None else root.find("body")
    if body is None:
        raise ReadError(f"{source}: the page holds no text; collect it again or remove it", status="empty")
    main, dropped, title = surroundings(root, body)
    lines = _Walker(dropped).lines(main)
    if title and title not in lines[:5]:
        lines.insert(0, title)
    if not lines:
        raise ReadError(f"{source}: the page holds no text; collect it again or remove it", status="empty")
    part = "main text" if main is not body or dropped else "whole page"
    return "\n".join(lines) + "\n", f"lxml {etree.__version__}, {part}"


class _Walker:
    """Walks a tree of blocks; inline text gathers until a block begins or ends."""

    def __init__(self, dropped: set[Element]) -> None:
        self._dropped = dropped
        self._done: list[str] = []
        self._open: list[str] = []
        self._label = ""  # the number of a list item that has not begun yet
        self._counts: dict[Element, int] = {}  # how far each ordered list has come

    def lines(self, element: Element) -> list[str]:
        """The lines of an element and all in it."""
        self._inside(element)
        self._close()
        return self._done

    def _close(self) -> None:
        text = "".join(self._open)
        self._open.clear()
        for line in text.split("\n"):
            if line := line.strip():
                self._done.append(self._label + line)
                self._label = ""

    def _visit(self, element: Element) -> None:
        tag = element.tag
        if element in self._dropped or is_unseen(element):
            return
        if tag == "br":
            self._open.append("\n")
        elif tag == "table":
            self._close()
            self._table(element)
        elif tag in BLOCKS:
            self._close()
            if tag == "li":
                self._label = self._number(element) or self._label
            self._inside(element)
            self._close()
        else:
            self._inside(element)

    def _number(self, item: Element) -> str:
        """The number of an item of an ordered list; nothing in any other list."""
        numbering = item.getparent()
        if numbering is None or numbering.tag != "ol":
            return ""
        begin = _whole(numbering.get("start")) or 1
        number = _whole(item.get("value")) or self._counts.get(numbering, begin - 1) + 1
        self._counts[numbering] = number
        return _written(number, numbering)

    def _inside(self, element: Element) -> None:
        kept = element.tag == "pre"
        self._say(element.text, kept)
        for child in element:
            self._visit(child)
            self._say(child.tail, kept)

    def _say(self, text: str | None, kept: bool) -> None:
        if text:
            self._open.append(text.replace("\r\n", "\n") if kept else BLANK.sub(" ", text))

    def _table(self, table: Element) -> None:
        for row in _rows(table):
            if row in self._dropped or is_unseen(row):
                continue
            if row.tag in {"td", "th", "caption"}:
                self._done += _Walker(self._dropped).lines(row)
                continue
            cells = [c for c in row if c.tag in {"td", "th"} and c not in self._dropped and not is_unseen(c)]
            frame = any(cell.find(".//table") is not None for cell in cells)
            self._done += row_lines([_Walker(self._dropped).lines(cell) for cell in cells], frame=frame)


def _rows(table: Element) -> Iterator[Element]:
    """The rows of a table; a caption, and a cell outside any row, as they come."""
    for child in table:
        if child.tag in {"thead", "tbody", "tfoot", "form", "colgroup"}:
            yield from _rows(child)
        elif child.tag in {"tr", "td", "th", "caption"}:
            yield child


def _written(number: int, numbering: Element) -> str:
    """The number that a browser writes before an item of an ordered list."""
    style = numbering.get("style", "")[:500]
    if CJK_STYLE.search(style):
        return to_chinese(number) + "、"
    if numbering.get("type") in LETTERS and number <= MOST_LETTERS:
        return chr(ord(numbering.get("type")) + number - 1) + ". "
    return "" if "none" in style else f"{number}.\t"


def _whole(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,4}", text) else 0
