"""What a run read, in a few figures for each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CORE = ("households", "persons", "yuan", "mu")


@dataclass(frozen=True, slots=True)
class Count:
    """What was read out of one source."""

    source: str
    reports: int
    quantities: int
    core: int
    masked: int
    violated_checks: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`failed`: (source, error)."""

    counts: tuple[Count, ...]
    failed: tuple[tuple[str, str], ...]

    def totals(self) -> dict[str, int]:
        """The sums over all sources."""
        names = ("reports", "quantities", "core", "masked", "violated_checks")
        sums = {name.replace("_", " "): sum(getattr(c, name) for c in self.counts) for name in names}
        return {"files": len(self.counts), **sums, "failed files": len(self.failed)}


def summarise(tables: Mapping[str, pa.Table]) -> Summary:
    """The summary of a run's tables (tables.md)."""
    sources = tables["sources"].select(["source", "status", "error", "reports"]).to_pandas()
    observations = tables["observations"].select(["source", "measure", "masked"]).to_pandas()
    core = observations["measure"].isin(CORE)
    count = observations.groupby("source").size()
    counts = pd.DataFrame({
        "quantities": count,
        "core": core.groupby(observations["source"]).sum(),
        "masked": observations["masked"].groupby(observations["source"]).sum(),
        "violated": _violated(tables),
    }).reindex(sources["source"]).fillna(0).astype(int)  # fmt: skip
    counts.insert(0, "reports", sources["reports"].fillna(0).astype(int).to_numpy())
    read = counts[(sources["status"] == "ok").to_numpy()]
    rows = tuple(Count(str(s), *map(int, n)) for s, n in zip(read.index, read.to_numpy(), strict=True))
    bad = sources[sources["status"] != "ok"]
    return Summary(rows, tuple(zip(bad["source"].astype(str), bad["error"].astype(str), strict=True)))


def read_summary(folder: Path) -> Summary:
    """The summary of the tables in a snapshot's folder."""
    names = ("sources", "observations", "checks", "reports")
    return summarise({name: pq.read_table(folder / f"{name}.parquet") for name in names})


def _violated(tables: Mapping[str, pa.Table]) -> pd.Series[int]:
    """The number of violated checks of each source."""
    checks = tables["checks"].select(["report_id", "verdict"]).to_pandas()
    reports = tables["reports"].select(["report_id", "source"]).to_pandas()
    bad = checks[checks["verdict"] == "violated"].merge(reports, on="report_id")
    violated: pd.Series[int] = bad.groupby("source").size()
    return violated
