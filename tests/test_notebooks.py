"""The notebook for researchers: its pair, its outputs, and that it runs on tables made now."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pandas as pd
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "notebooks" / "01_first_look.py"
STORED = SOURCE.with_suffix(".ipynb")

POVERTY = ["registered_poor", "poverty_exit", "exited_poor", "monitored", "poverty_rate"]

# Run after the notebook's own cells: U+10FFFD is for private use, so that no font has a glyph for it.
UNREADABLE = """
# %%
try:
    readable(draw(statements.assign(raw_text="\\U0010fffd")))
except UserWarning as warning:
    print("refused:", warning)
finally:
    plt.close("all")
"""


def execute(source: Path, target: Path, tables: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command that writes the stored notebook; a missing glyph is an error wherever a figure is drawn."""
    home = target.parent
    settings = {"CUNBAO_TABLES": tables, "CUNBAO_RAW": ROOT / "data" / "raw", "PYTHONWARNINGS": "error:Glyph",
                "JUPYTER_RUNTIME_DIR": home / "runtime", "IPYTHONDIR": home / "ipython"}  # fmt: skip
    command = [sys.executable, SOURCE.parent / "execute.py", source, "--to", target]
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of data/raw, made by the command that a user runs."""
    folder = tmp_path_factory.mktemp("tables")
    command = [sys.executable, "-m", "pipeline", "extract", "--quiet", "--raw", "data/raw", "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def executed(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The notebook, and after it the cell that draws an unreadable figure, run on the tables."""
    folder = tmp_path_factory.mktemp("notebook")
    source, target = folder / SOURCE.name, folder / STORED.name
    source.write_text(SOURCE.read_text("utf-8") + UNREADABLE, "utf-8")
    run = execute(source, target, tables)
    assert run.returncode == 0, run.stderr
    return nbformat.read(target, as_version=4)


def cells(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def first_line(text: str) -> str:
    return text.splitlines()[0].strip("# ")


def complaints(notebook: NotebookNode) -> list[NotebookNode]:
    """Errors, and whatever was written to stderr: warnings, and tracebacks of figures that could not be drawn."""
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    return [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def shown(notebook: NotebookNode, mime: str) -> list[str]:
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    return [output.data[mime] for output in outputs if mime in output.get("data", {})]


def test_pair_agrees_in_its_cells():
    reviewed = [(cell.cell_type, cell.source) for cell in jupytext.read(SOURCE).cells]
    stored = [(cell.cell_type, cell.source) for cell in nbformat.read(STORED, as_version=4).cells]
    assert stored == reviewed, "run `make notebooks`"


def test_stored_notebook_was_run_from_top_to_bottom():
    notebook = nbformat.read(STORED, as_version=4)
    counts = [cell.execution_count for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert not complaints(notebook)
    assert len(shown(notebook, "image/png")) == 1


def test_stored_notebook_tells_nothing_of_the_machine_that_ran_it():
    notebook = nbformat.read(STORED, as_version=4)
    assert not [cell.metadata for cell in notebook.cells if cell.metadata], "times of execution differ on every run"
    assert str(ROOT) not in STORED.read_text("utf-8")


def test_needs_nothing_of_the_project():
    nodes = list(ast.walk(ast.parse(SOURCE.read_text("utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    needed = {"json", "os", "warnings", "pathlib", "pandas", "matplotlib", "IPython", "noto_cjk_sans_otc"}
    assert {name.split(".")[0] for name in names} == needed


@pytest.mark.parametrize("text", [cell.source for cell in cells(jupytext.read(SOURCE), "markdown")], ids=first_line)
def test_text_states_no_number(text):
    assert not re.search(r"\d", re.sub(r"`[^`]*`", "", text)), "let a cell compute it"


def test_runs_without_complaint(executed):
    assert not complaints(executed)
    assert len(shown(executed, "image/png")) == 1


def test_shows_every_report_that_states_a_poverty_figure(executed, tables):
    found = pd.read_parquet(tables / "observations")
    found = found[found["topic"].isin(POVERTY) & found["measure"].isin(["households", "persons", "percent"])]
    headings = [text for text in shown(executed, "text/markdown") if text.startswith("### ")]
    assert len(headings) == found["report_id"].nunique() > 0
    pages = "".join(shown(executed, "text/html"))
    assert all(f"<td>{row.raw_text}</td>\n      <td>{row.raw_start}</td>" in pages for row in found.itertuples())


def test_traces_every_observation(executed, tables):
    total = f"{len(pd.read_parquet(tables / 'observations')):,}"
    assert f"{total} of {total} rows stand in the raw files at their offsets." in shown(executed, "text/markdown")


def test_missing_glyph_stops_the_figure(executed):
    assert executed.cells[-1].outputs[0].text.startswith("refused: Glyph 1114109")


def test_says_what_to_do_where_there_are_no_tables(tmp_path):
    run = execute(SOURCE, tmp_path / "none.ipynb", tmp_path)
    assert run.returncode == 1
    assert "holds no tables: run `make extract`" in run.stderr
    assert not (tmp_path / "none.ipynb").exists()
