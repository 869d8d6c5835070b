"""Bytes of a source file -> RawText. A format is a module of its own; this one knows which to ask."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import ReadError
from pipeline.read.archive import MAX_BYTES, bytes_of, contents, digest_of, members_of, size_of
from pipeline.read.charset import decode_page
from pipeline.read.doc import convert
from pipeline.read.encoding import decode
from pipeline.read.sandbox import extract
from pipeline.read.sniff import format_of
from pipeline.records import RawText

__all__ = ["MAX_BYTES", "digest_of", "members_of", "read_source", "size_of"]

TEXTS = {"txt", "md"}


def read_source(path: Path, source: str) -> RawText:
    """Reads one file, or a member of a .zip (`archive.zip/member.txt`); `source` is its name in the tables.

    The offsets of everything found later count in `text`: the decoded file, or what was extracted from a docx, html,
    pdf or doc. Raises ReadError, with the status that `sources` records, if the file is empty, too large, of an unknown
    format, damaged, without text, or in no known encoding.
    """
    if path.suffix.lower() == ".zip" and path.is_file():
        raise _no_report(path, source)
    data = bytes_of(path, source)
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ReadError(f"{source}: the file is empty; collect it again or remove it", status="empty")
    form = format_of(data, source)
    text, encoding, how, extractor = _text_of(form, data, source)
    if not text.strip():
        raise ReadError(f"{source}: the file holds only blanks; collect it again or remove it", status="empty")
    return RawText(source, text, hashlib.sha256(data).hexdigest(), len(data), form, encoding, how, extractor)


def _text_of(form: str, data: bytes, source: str) -> tuple[str, str, str, str]:
    """The text, its encoding and how that was found (empty where the format fixes it), and what extracted it."""
    if form in TEXTS:
        return *decode(data, source), ""
    if form == "html":
        page, encoding, how = decode_page(data, source)
        text, extractor = extract(form, page.encode("utf-8", "replace"), source)
        return text, encoding, how, extractor
    if form == "doc":
        inner, data, converter = convert(data, source)
        text, encoding, how, extractor = _text_of(inner, data, source)
        return text, "", "", f"{converter}, {extractor}" if extractor else converter
    text, extractor = extract(form, data, source)
    return text, "", "", extractor


def _no_report(path: Path, source: str) -> ReadError:
    """Why an archive as such is a row of `sources`: it cannot be used, or holds nothing."""
    members = contents(path, source)[1]
    if not members:
        return ReadError(f"{source}: the archive is empty; collect it again or remove it", status="empty")
    first = min(members)
    return ReadError(f"{source}: this is an archive of {len(members)} files; name one of them: {source}/{first}")
