"""What only shows in all sources together: which reports are twins, and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.panel import panel_of
from pipeline.twins import mark_twins

if TYPE_CHECKING:
    import pyarrow as pa


def derive(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """`tables` with the twins marked in `reports`, and with `panel`.

    May add tables and fill columns of the others; never changes how many rows those have, or their order, because
    `compact` of the store makes the published tables a part.
    """
    reports = mark_twins(tables["reports"])
    return {**tables, "reports": reports, "panel": panel_of(tables["observations"], reports)}
