"""A row of a table as text: one line with tabs between its cells, or lines below one another if it only lays out."""

from __future__ import annotations

from collections.abc import Sequence

LONG = 80  # characters in several paragraphs: such a cell is a text that someone put into a frame


def row_lines(cells: Sequence[Sequence[str]], *, frame: bool = False) -> list[str]:
    """The lines that stand for a row; each cell is a sequence of lines.

    Two short lines in a cell are one name broken to fit (建档立卡 / 户数). A `frame`, with tables or a long text in a
    cell, gives what it holds.
    """
    if frame or len(cells) == 1 or any(len(cell) > 1 and sum(map(len, cell)) > LONG for cell in cells):
        return [line for cell in cells for line in cell]
    line = "\t".join(_joined(cell) for cell in cells)
    return [line] if line.strip() else []


def _joined(lines: Sequence[str]) -> str:
    """The lines of a cell in one; a blank keeps digits and letters apart."""
    text = ""
    for line in lines:
        apart = text[-1:].isascii() and text[-1:].isalnum() and line[:1].isascii() and line[:1].isalnum()
        text += (" " if apart else "") + line.replace("\t", " ").replace("\n", " ").strip()
    return text
