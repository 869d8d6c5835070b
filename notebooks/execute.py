"""Executes a notebook from its reviewed source and writes it with its outputs.

    python notebooks/execute.py notebooks/01_first_look.py [--to FILE.ipynb]

The same source and tables give the same file: cells carry no times and no random ids.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def execute(source: Path, target: Path) -> None:
    """Runs the cells of `source` (jupytext percent format) in its folder and writes `target` (.ipynb).

    Raises CellExecutionError at the first cell that fails; then nothing is written.
    """
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
    NotebookClient(
        notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(source.parent)}}
    ).execute()
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.validate(notebook)
    target.write_text(nbformat.writes(notebook) + "\n", "utf-8")


def main() -> int:
    """The command; 1 if a cell fails."""
    parser = argparse.ArgumentParser(description="Execute a notebook and write it with its outputs.")
    parser.add_argument("source", type=Path, help="the notebook's source, .py in jupytext's percent format")
    parser.add_argument("--to", type=Path, help="the file to write; default: beside the source, .ipynb")
    options = parser.parse_args()
    try:
        execute(options.source, options.to or options.source.with_suffix(".ipynb"))
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
