"""What a file is, by its first bytes where they are certain, else by its name.

Many a `.doc` is a web page, or a plain text where its bytes prove nothing; a `.pdf` may be the error page of a site.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath

from pipeline.errors import ReadError
from pipeline.read.archive import DAMAGED

BY_NAME = {
    "": "txt", ".txt": "txt", ".text": "txt", ".md": "md", ".htm": "html", ".html": "html", ".xhtml": "html",
    ".shtml": "html", ".doc": "txt", ".docx": "docx", ".pdf": "pdf", ".zip": "zip", ".rtf": "rtf",
}  # fmt: skip
# A page says so at once, but for a byte order mark, blanks, an XML declaration and comments.
PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s{0,200}(?:<\?xml[^>]{0,200}>|<!--.{0,1000}?-->)){0,5}\s{0,200}<(?:!doctype\s+html|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
MIME_PAGE = re.compile(rb"(?:[A-Za-z-]{1,40}:[^\n]{0,300}\n){0,8}?MIME-Version:", re.IGNORECASE)
HEAD = 8192
WORD_STREAM, LOCKED_STREAM = ("WordDocument".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le"))
INSTEAD = {
    "rtf": "RTF is not read; save it as .docx or .txt",
    "mht": "a web archive (.mht) is not read; save it as .docx or .txt",
    "office": "spreadsheets, slides and other office files are not read; save its text as .docx or .txt",
    "locked": "it is protected by a password; save it without one",
    "zip": "an archive inside an archive is not opened; unpack it",
    "other": "files of type {suffix} are not read; save it as .txt in UTF-8",
}


def format_of(data: bytes, source: str) -> str:
    """txt, md, html, docx, pdf or doc.

    Raises ReadError with the status `unsupported` for what is none of these.
    """
    suffix = PurePosixPath(source).suffix.lower()
    form = _by_magic(data, suffix) or BY_NAME.get(suffix, "other")
    if form in INSTEAD:
        raise ReadError(f"{source}: {INSTEAD[form].format(suffix=suffix)}", status="unsupported")
    return form


def _by_magic(data: bytes, suffix: str) -> str:
    """The format that the first bytes prove, or nothing."""
    if data.startswith(b"PK\x03\x04"):
        return _packed(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "locked" if LOCKED_STREAM in data else "doc" if WORD_STREAM in data or suffix == ".doc" else "office"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"{\\rtf"):
        return "rtf"
    head = data[:HEAD]
    if PAGE.match(head.replace(b"\0", b"").lstrip(b"\xff\xfe")):  # without NUL: it may be UTF-16
        return "html"
    return "mht" if MIME_PAGE.match(head) else ""


def _packed(data: bytes) -> str:
    """docx, another office file, or a plain archive."""
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except DAMAGED:
        return ""  # the reader that the name calls for says what is wrong
    if any(name.lower() == "word/document.xml" for name in names):
        return "docx"
    return "office" if "[Content_Types].xml" in names or "mimetype" in names else "zip"
