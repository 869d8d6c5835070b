"""What several tests share: the chain run once over all texts of the repository."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROOT = Path(__file__).parents[1]
TEXTS = {"raw": ROOT / "data" / "raw", "gold": ROOT / "tests" / "gold" / "raw"}
NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)

# The same examples on every run, and no deadline: these tests must not depend on how busy the machine is.
settings.register_profile("cunbao", derandomize=True, deadline=None, database=None)
settings.load_profile("cunbao")


def permissions_hold() -> bool:
    """Whether a file without any permission is closed to us: it is not to root, nor on Windows."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0)
        return not os.access(file.name, os.R_OK)


needs_permissions = pytest.mark.skipif(not permissions_hold(), reason="this user may read and write everything")


@dataclass(frozen=True, repr=False)
class Corpus:
    """All texts of the repository, and the tables that the chain makes of them."""

    folder: Path
    arrow: dict[str, pa.Table]
    frames: dict[str, pd.DataFrame]
    decoded: dict[str, str]  # source -> text


def read_tables(folder: Path, *, jobs: int = 1) -> dict[str, pa.Table]:
    """The tables of every file under `folder`, read with the rules as they stand, at a fixed time."""
    from pipeline.ingest import read_folder
    from pipeline.rules import load_rules

    return read_folder(folder, load_rules(), jobs=jobs, ingested_at=NOW, progress=lambda done, total: None)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The chain over data/raw and the raw texts of the gold, run once for all tests."""
    folder = tmp_path_factory.mktemp("corpus")
    for name, home in TEXTS.items():
        shutil.copytree(home, folder / name, ignore=shutil.ignore_patterns(".*"))
    arrow = read_tables(folder)
    frames = {name: table.to_pandas() for name, table in arrow.items()}
    # Decoded the way that a user of the tables would, not by the code that is tested.
    encodings = frames["sources"].set_index("source")["encoding"].dropna()
    decoded = {str(s): (folder / str(s)).read_bytes().decode(str(e), "replace") for s, e in encodings.items()}
    return Corpus(folder, arrow, frames, decoded)
