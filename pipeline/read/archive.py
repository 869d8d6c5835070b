"""What lies behind a path: a file of its own, or a member of a .zip, written `archive.zip/member.txt`.

Nothing is unpacked to disk: a member is read into memory, and only as far as the limits allow.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pipeline.errors import ReadError

MAX_BYTES = 64_000_000  # a report is some kB; what is larger is no report
MAX_MEMBERS = 10_000
MAX_UNPACKED = 1_000_000_000  # bytes of all members together
MAX_NAME = 1000
MAX_RATIO = 200  # of unpacked to packed bytes: text packs 3 to 20 times, the XML of Word up to about 100 times
SMALL = 1_000_000  # below this size no ratio is suspicious
SUFFIX = ".zip"
HIDDEN = "__MACOSX"  # where macOS keeps what is no content
UTF8_NAME, ENCRYPTED = 0x800, 0x1  # bits of ZipInfo.flag_bits
PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# What zipfile raises for a damaged archive, besides its own error.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, IndexError, OverflowError,
    RuntimeError, NotImplementedError,
)  # fmt: skip


def members_of(path: Path) -> tuple[str, ...]:
    """The files in the archive `path`, sorted; empty if it is none or cannot be used: read_source says why."""
    if path.suffix.lower() != SUFFIX or not is_regular(path):
        return ()
    try:
        return tuple(sorted(contents(path, path.name)[1]))
    except ReadError:
        return ()


def is_regular(path: Path) -> bool:
    """Whether `path` is a file with bytes of its own: a pipe or a device could keep a reader waiting for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def size_of(path: Path) -> int:
    """Bytes of a file, or of a member as its archive declares it; 0 where there is none."""
    inside = _inside(path)
    try:
        return path.stat().st_size if inside is None else _info(*inside, path.name)[1].file_size
    except (OSError, ReadError):
        return 0


def digest_of(path: Path) -> str:
    """sha256 of a file or member; empty if it cannot be read."""
    try:
        if _inside(path) is not None:
            return hashlib.sha256(bytes_of(path, path.name)).hexdigest()
        if not is_regular(path):
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ReadError):
        return ""


def bytes_of(path: Path, source: str) -> bytes:
    """The bytes of a file or member.

    Raises ReadError if it cannot be opened, is larger than MAX_BYTES, or its archive is encrypted or damaged.
    """
    inside = _inside(path)
    if inside is not None:
        return _member(*inside, source)
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ReadError(f"{source}: this is a pipe or a device, no file; remove it from the folder")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path.stat().st_size, source)
        return path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"{source}: cannot be opened ({error.strerror}); check that it exists and may be read"
        ) from None


def _too_large(size: int, source: str) -> ReadError:
    return ReadError(f"{source}: {size:,} bytes are more than the {MAX_BYTES:,} a report may have; split the file")


def _inside(path: Path) -> tuple[Path, str] | None:
    """(archive, member) if `path` leads into an archive."""
    if SUFFIX not in str(path).lower():
        return None
    for parent in path.parents:
        if parent.suffix.lower() == SUFFIX and is_regular(parent):
            return parent, path.relative_to(parent).as_posix()
    return None


def contents(archive: Path, source: str) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """An archive and its files by name; folders and hidden files are left out.

    Raises ReadError if it cannot be opened, is damaged, or holds more than the limits allow.
    """
    try:
        about = archive.stat()
        opened, infos, fault = _opened(archive, about.st_mtime_ns, about.st_size)
    except DAMAGED:
        raise ReadError(f"{source}: this archive is damaged; pack it again or unpack it yourself") from None
    if fault:
        raise ReadError(f"{source}: {fault}")
    return opened, infos


@lru_cache(maxsize=1)  # the members of an archive are read one after another, and its directory is parsed once
def _opened(archive: Path, _changed: int, _size: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo], str]:
    """The archive (it stays open while it is in the cache), its files, and what forbids to use it, if anything."""
    opened = zipfile.ZipFile(archive)
    wanted = [i for i in opened.infolist() if not i.is_dir() and not _hidden(i.filename)]
    names = _names(wanted)
    infos = dict(zip(names, wanted, strict=True))
    fault = fault_of(opened, MAX_UNPACKED)
    if not fault and len(infos) < len(wanted):
        fault = "this archive holds two files of the same name; unpack it yourself"
    if not fault and not all(1 <= len(name) <= MAX_NAME for name in names):
        fault = f"this archive holds a name of none or more than {MAX_NAME} characters; unpack it yourself"
    return opened, infos, fault


def fault_of(opened: zipfile.ZipFile, limit: int) -> str:
    """Why an archive is too large to be used, if it would unpack to more than `limit` bytes; else nothing.

    zipfile never unpacks more of a member than its declared size, so what is declared can be relied on.
    """
    infos = opened.infolist()
    total = sum(i.file_size for i in infos)
    if len(infos) > MAX_MEMBERS:
        return f"it holds {len(infos):,} files, more than the {MAX_MEMBERS:,} allowed; unpack it yourself"
    if total > limit:
        return f"it would unpack to {total:,} bytes, more than the {limit:,} allowed; look at it before using it"
    return ""


def _hidden(name: str) -> bool:
    return any((part[:1] == "." and part.strip(".")) or part == HIDDEN for part in name.split("/"))


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The names of members as their writer meant them, without steps upwards.

    The format knows UTF-8 (with a flag) and cp437; Chinese Windows writes GBK and some tools UTF-8, both without flag.
    """
    plain = [_written(i) for i in infos if not i.flag_bits & UTF8_NAME]
    codec = next(c for c in ("utf-8", "gb18030", "cp437") if _decodes(plain, c))
    return [_tidy(i.filename if i.flag_bits & UTF8_NAME else _written(i).decode(codec)) for i in infos]


def _written(info: zipfile.ZipInfo) -> bytes:
    """The bytes of a name, which zipfile has decoded as cp437."""
    return info.orig_filename.encode("cp437", "replace")


def _decodes(names: list[bytes], codec: str) -> bool:
    try:
        return all(name.decode(codec) is not None for name in names)
    except UnicodeDecodeError:
        return False


def _tidy(name: str) -> str:
    parts = PurePosixPath(name.replace("\\", "/").replace("\0", "")).parts
    return "/".join(p for p in parts if p not in {"/", "//", "..", "."})


def _info(archive: Path, name: str, source: str) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    opened, infos = contents(archive, source)
    if name not in infos:
        raise ReadError(f"{source}: cannot be opened (no such file in {archive.name}); check its name")
    return opened, infos[name]


def _member(archive: Path, name: str, source: str) -> bytes:
    opened, info = _info(archive, name, source)
    if info.file_size > MAX_BYTES:
        raise _too_large(info.file_size, source)
    return unpacked(opened, info, source)


def unpacked(opened: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> bytes:
    """The bytes of a member.

    Raises ReadError if it is encrypted, damaged, or packed so densely that it can only be a trap.
    """
    if info.flag_bits & ENCRYPTED:
        raise ReadError(f"{source}: it is protected by a password; unpack it yourself")
    if info.file_size > SMALL and info.file_size > MAX_RATIO * max(1, info.compress_size):
        raise ReadError(
            f"{source}: {info.compress_size:,} bytes would unpack to {info.file_size:,}; look at it before using it"
        )
    if info.compress_type not in PACKINGS:
        raise ReadError(f"{source}: it is packed in a way that is not read; pack it again as plain .zip")
    try:
        with opened.open(info) as member:
            return member.read(info.file_size)
    except DAMAGED:
        raise ReadError(f"{source}: it is damaged in its archive; pack it again or unpack it yourself") from None
