"""PDF files: lines become paragraphs again, over pages and without what recurs on them."""

from __future__ import annotations

from pathlib import Path

import documents as build
import pytest

from pipeline.errors import ReadError
from pipeline.read import pdf
from pipeline.read.paragraphs import Line, paragraphs


def test_pages_are_joined_and_what_recurs_on_them_is_left_out() -> None:
    text = "红柳村工作总结\n" + "\n".join(
        f"{i}、" + f"全村共有农户{i}户，养羊{i * 31}只，" * 9 + "生活有了提高。" for i in range(1, 19)
    )
    data = build.as_pdf(build.parse(text), header="红柳村 2019年工作总结")
    found, extractor = pdf.text_of(data, "a.pdf")
    assert extractor.endswith(", 3 pages")
    assert found == text + "\n"


def line(
    text: str, *, y: float = 100, x: float = 72, end: float | None = None, page_number: int = 0, size: float = 12
) -> Line:
    right = x + size * len(text) if end is None else end
    return Line(text, page_number, x, right, y, y + size, size, 842, 595)


FULL = {"x": 72, "end": 523}
JOINED = {
    "broken by the margin": ([line("全村共有", **FULL), line("农户35户。", y=120)], ["全村共有农户35户。"]),
    "there was room": (
        [line("基本情况", end=200), line("农户35户。", y=120), line("x" * 75, y=140, **FULL)],
        ["基本情况", "农户35户。", "x" * 75],
    ),
    "a long number did not fit": (
        [line("农户", end=490), line("1234567户", y=120), line("x", y=140, **FULL)],
        ["农户1234567户", "x"],
    ),
    "a paragraph is set in": ([line("甲。", **FULL), line("乙", y=120, x=96)], ["甲。", "乙"]),
    "an enumerator after a stop": ([line("甲。", **FULL), line("（二）乙", y=120)], ["甲。", "（二）乙"]),
    "a heading is larger": ([line("总结", size=18, **FULL), line("全村", y=130)], ["总结", "全村"]),
    "a gap between paragraphs": (
        [line("甲", **FULL), line("乙", y=120, **FULL), line("丙", y=140, **FULL), line("丁", y=190, **FULL)],
        ["甲乙丙", "丁"],
    ),
    "over a page": (
        [
            line("全村共有", y=700, **FULL),
            line("- 1 -", y=800),
            line("农户35户。", page_number=1),
            line("- 2 -", y=800, page_number=1),
        ],
        ["全村共有农户35户。"],
    ),
    "words of letters": ([line("see", **FULL), line("this", y=120)], ["see this"]),
    "numbers that count no pages": (
        [line("35户"), line("41户", page_number=1), line("x" * 75, y=120, page_number=1, **FULL)],
        ["35户", "41户", "x" * 75],
    ),
    "a page number on a single page": ([line("全村35户"), line("— 1 —", y=800)], ["全村35户"]),
    "a number within the page": ([line("全村35户"), line("1", y=400)], ["全村35户", "1"]),
    "a line that two pages share": (
        [line("内部", y=30), line("甲", y=90, **FULL), line("内部", y=30, page_number=1), line("乙", page_number=1)],
        ["甲乙"],
    ),
}


@pytest.mark.parametrize(("lines", "texts"), JOINED.values(), ids=JOINED)
def test_lines_become_paragraphs(lines: list[Line], texts: list[str]) -> None:
    assert paragraphs(lines) == texts


def test_a_scan_is_refused() -> None:
    with pytest.raises(ReadError, match=r"^a\.pdf: no text layer: .*run text recognition \(OCR\) first$") as refused:
        pdf.text_of(build.empty_pdf(3), "a.pdf")
    assert refused.value.status == "failed"


def test_a_protected_pdf_is_refused(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt="geheim")
    canvas.drawString(72, 700, "35")
    canvas.save()
    with pytest.raises(ReadError, match=r"^a\.pdf: it is protected by a password; save it without one$"):
        pdf.text_of((tmp_path / "a.pdf").read_bytes(), "a.pdf")
