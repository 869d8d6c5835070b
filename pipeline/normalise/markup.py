"""Control characters, HTML entities and the little HTML and Markdown that scraped texts keep."""

from __future__ import annotations

import html
from collections.abc import Iterator

import regex

from pipeline.spans import Edit

# Zero-width and control characters but for tab, newline and carriage return; U+FFFD and lone surrogates stay visible.
CONTROL = regex.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028\u2029\u2060\ufeff]|\r(?=\n)|\r")
SURROGATE = regex.compile(r"[\ud800-\udfff]")
ENTITY = regex.compile(r"&(?:amp;){0,3}(?:#[0-9]{1,6}|#x[0-9a-fA-F]{1,5}|[a-zA-Z]{2,8});")
TAG = regex.compile(
    r"</?(?:br|p|div|span|b|strong|em|i|u|font|center|h[1-6]|li|ul|ol|a|img|hr)\b[^<>\n]{0,200}/?>", regex.IGNORECASE
)
HASHES = regex.compile(r"^[ \t]{0,3}#{1,6}[ \t]{1,4}(?=\S)", regex.MULTILINE)
# Emphasis: two stars on both sides of text that is no mask; **户 and 1,3**人 are masked digits.
EMPHASIS = regex.compile(r"\*\*(?=[^\s*])([^*\n]{1,80}?)(?<=[^\s*])\*\*")


def control(text: str) -> Iterator[Edit]:
    """Removes control and zero-width characters; a carriage return becomes a newline unless one follows."""
    for m in CONTROL.finditer(text):
        alone = m[0] == "\r" and text[m.end() : m.end() + 1] != "\n"
        yield Edit(m.start(), m.end(), "\n" if alone else "", "control")
    for m in SURROGATE.finditer(text):
        yield Edit(m.start(), m.end(), "\ufffd", "control")


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
    """Removes line-break and paragraph tags, Markdown heading marks and emphasis."""
    if "<" in text:
        for m in TAG.finditer(text):
            yield Edit(m.start(), m.end(), "", "markup")
    if "#" in text:
        for m in HASHES.finditer(text):
            yield Edit(m.start(), m.end(), "", "markup")
    if "**" in text:
        for m in EMPHASIS.finditer(text):
            if any("\u4e00" <= c <= "\u9fff" for c in m[1]) and not _masks(text, m):
                yield Edit(m.start(), m.start() + 2, "", "markup")
                yield Edit(m.end() - 2, m.end(), "", "markup")


def _masks(text: str, m: regex.Match[str]) -> bool:
    """Whether the stars are blanked digits: a sentence's punctuation stands between them."""
    return any(c in m[1] for c in "，,；;。") and not m[1].rstrip().endswith(("。", "."))
