"""What decides how a source is read, as one short text: when it changes, everything is read again."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
RULES = PACKAGE.parent / "rules" if (PACKAGE.parent / "rules" / "units.toml").is_file() else PACKAGE / "_rules"
# Modules that run around the chain and change no row; what is not named here counts as code that may.
AROUND = frozenset({
    "__main__", "arrow", "baseline", "bench", "cli", "cli_judge", "cli_store", "confirm", "corrections", "draft",
    "engine", "evaluate", "explain", "fingerprint", "gold", "ingest", "metrics", "moves", "plan", "rulecheck",
    "schedule", "scoreboard", "store", "summary", "taught", "terminal", "train", "train_kinds", "trial", "update",
    "watch",
})  # fmt: skip
LIBRARIES = ("jieba", "lxml", "opencc", "pdfminer.six", "pdfplumber", "spacy")  # they decide what is read, too


@dataclass(frozen=True)
class Fingerprint:
    """Digests of 16 hexadecimal digits. `rules` is RuleSet.fingerprint; `code` covers models and schema."""

    rules: str
    code: str

    @property
    def whole(self) -> str:
        """Of everything; stands in `sources.fingerprint`."""
        return hashlib.sha256(f"{self.rules} {self.code}".encode()).hexdigest()[:16]


@cache
def current(rules: Path = RULES) -> Fingerprint:
    """The fingerprint of this program with these rules, without loading either."""
    code = (p for p in PACKAGE.rglob("*") if p.suffix in {".py", ".json", ".parquet", ".txt", ".gz"} and _matters(p))
    versions = " ".join(f"{name}={_version(name)}" for name in LIBRARIES)
    return Fingerprint(_digest(rules, rules.rglob("*.toml")), _digest(PACKAGE, code, versions))


def _matters(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in AROUND


def _digest(folder: Path, paths: Iterable[Path], more: str = "") -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(more.encode())
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
