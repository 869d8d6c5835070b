"""PDF files with a text layer: the lines of every page with their places, and the tables with drawn borders."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfpage import PDFPage
from pdfplumber.page import Page
from pdfplumber.pdf import PDF
from pdfplumber.utils.clustering import cluster_objects
from pdfplumber.utils.exceptions import PdfminerException
from pdfplumber.utils.text import extract_words

from pipeline.errors import ReadError
from pipeline.read.paragraphs import Line, paragraphs, placed
from pipeline.read.rows import row_lines

MAX_PAGES = 1000
MAX_CHARS = 3_000_000
MOST_RULES = 2000  # lines and boxes on a page: a drawing, in which no tables are looked for
BLANK_GAP = 0.35  # ems between two characters that make a blank
UNMAPPED = "(cid:"  # pdfminer's word for a character that the file gives no meaning
MOST_UNMAPPED = 0.3


def text_of(data: bytes, source: str) -> tuple[str, str]:
    """The text of a PDF, a line for each paragraph and row, and what extracted it.

    Raises ReadError if it is protected, has too many pages or no text layer.
    """
    try:
        lines, pages = _lines(pdfplumber.open(io.BytesIO(data)), source)
    except PdfminerException as error:  # it wraps whatever went wrong inside
        inner = error.args[0] if error.args else error
        if isinstance(inner, PDFPasswordIncorrect):
            raise ReadError(f"{source}: it is protected by a password; save it without one") from None
        raise inner if isinstance(inner, Exception) else error from None
    text = "\n".join(paragraphs(lines))
    if not text.strip():
        raise ReadError(f"{source}: no text layer: the pages are pictures or empty; run text recognition (OCR) first")
    if text.count("\ufffd") > MOST_UNMAPPED * len(text):
        raise ReadError(f"{source}: its fonts do not say which characters they show; run text recognition (OCR) first")
    return text + "\n", f"pdfplumber {pdfplumber.__version__}, {pages} pages"


def _lines(document: PDF, source: str) -> tuple[list[Line], int]:
    """The lines and rows of all pages, and how many pages there are."""
    # pdfplumber makes an object for every page before it hands out the first: count them without it.
    if sum(1 for _ in islice(PDFPage.create_pages(document.doc), MAX_PAGES + 1)) > MAX_PAGES:
        raise ReadError(f"{source}: it has more than {MAX_PAGES:,} pages; split the file")
    lines: list[Line] = []
    chars = 0
    for number, page in enumerate(document.pages):
        lines += _page_lines(page, number)
        chars += len(page.chars)
        if chars > MAX_CHARS:
            raise ReadError(f"{source}: it has more than {MAX_CHARS:,} characters; split the file")
        page.close()
    return lines, len(document.pages)


def _page_lines(page: Page, number: int) -> list[Line]:
    """The lines and rows of a page from top to bottom."""
    if not page.chars:
        return []
    tables = _tables(page)
    lines = []
    for table, rows in tables:
        left, top, right, bottom = table
        lines += placed(rows, Line("", number, left, right, top, bottom, 0.0, float(page.height), float(page.width)))
    free = [c for c in page.dedupe_chars().chars if not any(_within(c, box) for box, _ in tables)]
    lines += _text_lines(free, page, number)
    return sorted(lines, key=lambda x: (x.top, x.left))


def _tables(page: Page) -> list[tuple[tuple[float, float, float, float], list[str]]]:
    """(bounding box, rows as text) of every table with more than one cell."""
    if not 4 <= len(page.lines) + len(page.rects) + len(page.curves) <= MOST_RULES:
        return []
    found = []
    for table in page.find_tables():
        if len(table.cells) > 1:
            cells = [[(cell or "").split("\n") for cell in row] for row in table.extract(x_tolerance_ratio=BLANK_GAP)]
            found.append((table.bbox, [line.replace(UNMAPPED, "\ufffd") for row in cells for line in row_lines(row)]))
    return found


def _within(char: dict[str, Any], box: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = box
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return bool(left <= x <= right and top <= y <= bottom)


def _text_lines(chars: list[dict[str, Any]], page: Page, number: int) -> Iterator[Line]:
    """Characters -> lines, by their height on the page."""
    words = extract_words(
        chars, x_tolerance_ratio=BLANK_GAP, y_tolerance=3, keep_blank_chars=True, extra_attrs=[], return_chars=True
    )
    for row in cluster_objects(words, "doctop", 3):
        row.sort(key=lambda w: w["x0"])
        text = " ".join(_mapped(w["text"]).strip() for w in row).strip()
        if text:
            sizes = sorted(c["size"] for w in row for c in w["chars"])
            yield Line(
                text, number, row[0]["x0"], row[-1]["x1"], min(w["top"] for w in row), max(w["bottom"] for w in row),
                sizes[len(sizes) // 2], float(page.height), float(page.width),
            )  # fmt: skip


def _mapped(text: str) -> str:
    """Unmapped characters become U+FFFD, so that their loss is seen and counted."""
    if UNMAPPED not in text:
        return text
    head, *rest = text.split(UNMAPPED)
    return head + "".join("\ufffd" + piece.partition(")")[2] for piece in rest)
