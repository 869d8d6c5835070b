"""The figures of a run for Prometheus: a file in its text format, as node_exporter's textfile collector reads it.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.store import files

SUCCESS = "cunbao_last_success_timestamp_seconds"


@dataclass(frozen=True)
class Run:
    """A run that has ended. `ended`: seconds since 1970. `files`: why read -> number. `sources`: status -> number."""

    ended: float
    seconds: float
    code: int
    succeeded: bool
    files: Mapping[str, int]
    failed: int
    sources: Mapping[str, int]
    snapshot: int


def write_metrics(path: Path, run: Run) -> None:
    """Writes the file in one step; the time of the last success is kept through runs that fail.

    Raises StoreError if it cannot be written.
    """
    try:
        before = (
            re.search(rf"^{SUCCESS} (\S{{1,30}})$", path.read_text("utf-8"), re.MULTILINE) if path.exists() else None
        )
        success = f"{run.ended:.3f}" if run.succeeded else before[1] if before else ""
        files.write_text(text_of(run, success), path.with_name(f".{path.name}.draft"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: the metrics cannot be written ({error}); give another file with --metrics") from None


def text_of(run: Run, success: str) -> str:
    """The file's text. `success`: when a run last succeeded, as it is to be written; empty if none ever did."""
    lines: list[str] = []

    def gauge(name: str, meaning: str, values: Mapping[str, object]) -> None:
        lines.extend((f"# HELP {name} {meaning}", f"# TYPE {name} gauge"))
        lines.extend(f"{name}{label} {value}" for label, value in values.items())

    gauge("cunbao_last_run_timestamp_seconds", "When the last run ended.", {"": f"{run.ended:.3f}"})
    if success:
        gauge(SUCCESS, "When a run last ended well.", {"": success})
    gauge("cunbao_last_run_duration_seconds", "How long the last run took.", {"": f"{run.seconds:.3f}"})
    gauge("cunbao_last_run_exit_code", "Exit code of the last run; the README lists them.", {"": run.code})
    gauge("cunbao_last_run_files", "Files of the last run by reason.", _labelled("reason", run.files))
    gauge("cunbao_last_run_failed_files", "Files that the last run could not read.", {"": run.failed})
    gauge("cunbao_sources", "Files known by status.", _labelled("status", run.sources))
    gauge("cunbao_snapshot", "The snapshot that readers see.", {"": run.snapshot})
    return "\n".join(lines) + "\n"


def _labelled(label: str, counts: Mapping[str, int]) -> dict[str, object]:
    return {f'{{{label}="{name}"}}': count for name, count in sorted(counts.items())}
