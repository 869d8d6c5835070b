"""Bytes of a source file -> RawText. A format is a module of its own; this one knows which to ask."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import ReadError
from pipeline.read.encoding import decode
from pipeline.records import RawText

MAX_BYTES = 64_000_000  # a report is some kB; what is larger is no report
TEXT_FORMATS = {".txt": "txt", ".md": "md", "": "txt", ".text": "txt"}


def read_source(path: Path, source: str) -> RawText:
    """Reads one file; `source` is its name in the tables.

    Raises ReadError, with the status that `sources` records, if it is empty, too large, of an unknown format, binary
    or in no known encoding.
    """
    form = TEXT_FORMATS.get(path.suffix.lower())
    if form is None:
        raise ReadError(
            f"{source}: files of type {path.suffix} are not read; save it as .txt in UTF-8", status="unsupported"
        )
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ReadError(
                f"{source}: {size:,} bytes are more than the {MAX_BYTES:,} a report may have; split the file"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"{source}: cannot be opened ({error.strerror}); check that it exists and may be read"
        ) from None
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ReadError(f"{source}: the file is empty; collect it again or remove it", status="empty")
    text, encoding, how = decode(data, source)
    if not text.strip():
        raise ReadError(f"{source}: the file holds only blanks; collect it again or remove it", status="empty")
    return RawText(source, text, hashlib.sha256(data).hexdigest(), len(data), form, encoding, how)
