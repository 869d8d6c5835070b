"""The steps that touch the disk, each a function of its own, so that a test can make every one of them fail."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

TABLE_FILE = "data.parquet"


def sync(path: Path) -> None:
    """Waits until a file or folder is on the disk itself."""
    if path.is_dir() and os.name != "posix":
        return  # only there can a folder be opened
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def move(draft: Path, target: Path) -> None:
    """Puts `draft` in the place of `target` in one step; the same file system must hold both."""
    draft.replace(target)


def link(existing: Path, new: Path) -> None:
    """A second name for the same file; a copy where the file system knows no second names."""
    try:
        new.hardlink_to(existing)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(existing, new)
        sync(new)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all it holds; it may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(text: str, draft: Path, target: Path) -> None:
    """Writes a small file so that `target` is there whole or not at all, even after a power cut."""
    draft.write_text(text, "utf-8")
    sync(draft)
    make_folder(target.parent)
    move(draft, target)
    sync(target.parent)


def holds(path: Path, text: str) -> bool:
    """Whether the small file `path` is there and says this."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def store_of(out: Path) -> Path:
    """The folder of the store below an output folder."""
    return out / ".store"


def drafts_of(out: Path) -> Path:
    """Where files are written before they are moved; on the file system of the tables."""
    return store_of(out) / "tmp"


def kept_of(out: Path) -> Path:
    """What spares the next run time, and can be made anew."""
    return store_of(out) / "kept.json"


def parts_of(out: Path) -> Path:
    """Where the parts are: a folder for each table."""
    return store_of(out) / "parts"


def snapshots_of(out: Path) -> Path:
    """Where the snapshots are: a folder for each, named by its number."""
    return out / "snapshots"
