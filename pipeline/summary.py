"""What a run read, in a few figures for each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

CORE = ("households", "persons", "yuan", "mu")


@dataclass(frozen=True)
class Summary:
    """`rows`: (source, reports, quantities, core, masked, violated checks); `failed`: (source, error)."""

    rows: tuple[tuple[str, int, int, int, int, int], ...]
    failed: tuple[tuple[str, str], ...]

    def totals(self) -> dict[str, int]:
        """The sums over all sources."""
        names = ("reports", "quantities", "core", "masked", "violated checks")
        sums = {name: sum(int(row[i + 1]) for row in self.rows) for i, name in enumerate(names)}
        return {"files": len(self.rows), **sums, "failed files": len(self.failed)}


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
    read = (sources["status"] == "ok").to_numpy()
    rows = tuple(
        (str(source), int(reports), *(int(n) for n in numbers))
        for source, reports, numbers in zip(
            sources["source"][read], sources["reports"].fillna(0)[read], counts.to_numpy()[read], strict=True
        )
    )
    bad = sources[sources["status"] != "ok"]
    return Summary(rows, tuple(zip(bad["source"].astype(str), bad["error"].astype(str), strict=True)))


def _violated(tables: Mapping[str, pa.Table]) -> pd.Series[int]:
    """The number of violated checks of each source."""
    checks = tables["checks"].select(["report_id", "verdict"]).to_pandas()
    reports = tables["reports"].select(["report_id", "source"]).to_pandas()
    bad = checks[checks["verdict"] == "violated"].merge(reports, on="report_id")
    return bad.groupby("source").size()
