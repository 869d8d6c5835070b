"""pyarrow without pandas, which it imports to ask of every list whether it is a Series: 0.2 seconds of each run.

Only where the whole process is ours: pyarrow would take a Series of somebody else for a list. What hands a frame back
(to_pandas) still imports pandas.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

OURS = "CUNBAO_PROCESS"  # stands in the environment of the command line, and so in that of its workers


def spare_pandas() -> None:
    """Lets pyarrow look for pandas now and find none, so that it does not look again."""
    if OURS not in os.environ or "pandas" in sys.modules:
        return
    import pyarrow as pa

    hidden = _Hidden("pandas")
    sys.meta_path.insert(0, hidden)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """A finder for which there is no module of one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the import system asks of each finder."""
        if name == self._name:
            raise ModuleNotFoundError(f"no module named {name}", name=name)
        return None
