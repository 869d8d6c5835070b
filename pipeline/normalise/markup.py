"""Control characters, HTML entities and the little HTML and Markdown that scraped texts keep."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from pipeline.normalise.units import units
from pipeline.spans import Edit

# Zero-width, bidirectional and control characters but for tab and newline, variation selectors, lone surrogates.
# U+FFFD stays visible, and so do the controls of Latin-1: they are damage that nothing has explained.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e01ef]"
)
BREAKS = "\r\x0b\x0c\u2028\u2029"  # ends of a line or page; those beside a newline say nothing more
# U+FFFD twice, written as UTF-8 and read as GBK (the three characters that Chinese readers know for lost text).
LOST = ("\ufffd" * 2).encode().decode("gb18030")
ENTITY = re.compile(
    r"&(?:amp;){0,3}(?:(?:#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z]{2,8}[0-9]{0,2});|nbsp(?![a-zA-Z0-9;]))"
)
TAG = re.compile(
    r"</?(?:br|p|div|span|b|strong|em|i|u|font|center|h[1-6]|li|ul|ol|a|img|hr)\b[^<>\n]{0,200}/?>", re.IGNORECASE
)
LINE_END = re.compile(r"(?!\A)<(?:br|/(?:p|div|li|h[1-6]))\b[^<>\n]{0,201}>(?!\n|\Z)", re.IGNORECASE)
HASHES = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]{1,4}(?=\S)", re.MULTILINE)
# Emphasis: two stars on both sides of text that is no mask; **户 and 1,3**人 are masked digits.
EMPHASIS = re.compile(r"\*\*(?=[^\s*])([^*\n]{1,80}?)(?<=[^\s*])\*\*")


def control(text: str) -> Iterator[Edit]:
    """Removes control and zero-width characters; an end of a line or page becomes a newline unless one is beside it."""
    for m in CONTROL.finditer(text):
        yield Edit(m.start(), m.end(), _visible(text, m.start()), "control")
    if LOST in text:
        for m in re.finditer(LOST, text):
            yield Edit(m.start(), m.end(), "\ufffd\ufffd", "control")


def _visible(text: str, at: int) -> str:
    """What stands for the control character at `at`."""
    if "\ud800" <= text[at] <= "\udfff":
        return "\ufffd"
    if text[at] not in BREAKS or text[at + 1 : at + 2] == "\n":
        return ""
    return "" if text[at] != "\r" and text[at - 1 : at] == "\n" else "\n"


def entity(text: str) -> Iterator[Edit]:
    """&nbsp; &amp;ldquo; &#12289; -> the character, also where the ampersand was escaped again."""
    if "&" not in text:
        return
    for m in ENTITY.finditer(text):
        plain = m[0]
        for _ in range(4):
            plain = html.unescape(plain)
        if plain != m[0] and len(plain) == 1:
            yield Edit(m.start(), m.end(), " " if plain == "\xa0" else plain, "entity")


def markup(text: str) -> Iterator[Edit]:
    """Removes tags, Markdown heading marks and emphasis; what ends a line becomes a newline if none follows."""
    if "<" in text:
        for m in TAG.finditer(text):
            yield Edit(m.start(), m.end(), "\n" if LINE_END.match(text, m.start()) else "", "markup")
    if "#" in text:
        for m in HASHES.finditer(text):
            yield Edit(m.start(), m.end(), "", "markup")
    if "**" in text:
        for m in EMPHASIS.finditer(text):
            if any("\u4e00" <= c <= "\u9fff" for c in m[1]) and not _masks(text, m):
                yield Edit(m.start(), m.start() + 2, "", "markup")
                yield Edit(m.end() - 2, m.end(), "", "markup")


def _masks(text: str, m: re.Match[str]) -> bool:
    """Whether the stars are blanked digits: a sentence's punctuation between them, or a unit behind both pairs."""
    if any(c in m[1] for c in "，,；;。") and not m[1].rstrip().endswith(("。", ".")):
        return True
    return m[1].startswith(units()) and text.startswith(units(), m.end())
