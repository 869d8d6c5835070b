# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first look at the tables of Cunbao (村报)
#
# Cunbao reads Chinese grass-roots reports (村报, 工作总结, 情况汇报) and writes one row for every number that they
# state: what it counts, its unit, the time it speaks of, whether it was done or only planned, and the exact
# characters it stands on. This notebook opens the tables made from `data/raw`, goes through the poverty figures
# (贫困户, 脱贫, 监测户) of each report, and shows what to mind before computing with them.
#
# It needs pandas and matplotlib, and nothing of the project's code. To run it yourself:
#
# - `make extract` reads the reports and writes the tables to `data/processed`;
# - the environment variables `CUNBAO_TABLES` and `CUNBAO_RAW` point the notebook to other tables, and to the reports
#   that those were made from.

# %%
import json
import os
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from noto_cjk_sans_otc import FONT_PATH

TABLES = Path(os.environ.get("CUNBAO_TABLES", "../data/processed"))
RAW = Path(os.environ.get("CUNBAO_RAW", "../data/raw"))
if not (TABLES / "observations").is_dir():
    raise FileNotFoundError(f"{TABLES} holds no tables: run `make extract`, or set CUNBAO_TABLES to where they are")
if not RAW.is_dir():
    raise FileNotFoundError(f"{RAW} is no folder: set CUNBAO_RAW to the folder that the tables were made from")

pd.options.display.max_colwidth = 60
pd.options.display.max_rows = 100
pd.options.display.float_format = lambda number: f"{number:,.10g}"

reports = pd.read_parquet(TABLES / "reports")
observations = pd.read_parquet(TABLES / "observations")
numerals = pd.read_parquet(TABLES / "numerals")
checks = pd.read_parquet(TABLES / "checks")
sources = pd.read_parquet(TABLES / "sources")

# %% [markdown]
# ## The tables
#
# Each table is a folder that `pandas.read_parquet` opens. `datapackage.json`, beside them, holds the meaning and the
# unit of every column, and `CODEBOOK.md` says the same as a page to read.

# %%
package = json.loads((TABLES / "datapackage.json").read_text("utf-8"))
overview = [
    {
        "table": table["name"],
        "rows": len(pd.read_parquet(TABLES / table["name"])),
        "what it holds": table["description"],
    }
    for table in package["resources"]
]
with pd.option_context("display.max_colwidth", None):
    display(pd.DataFrame(overview).set_index("table"))

# %% [markdown]
# `observations` is the table to work with. Its columns:

# %%
fields = next(table["schema"]["fields"] for table in package["resources"] if table["name"] == "observations")
with pd.option_context("display.max_colwidth", None):
    display(pd.DataFrame(fields)[["name", "type", "description"]].set_index("name"))

# %% [markdown]
# ## The reports
#
# A file may hold several reports one after another; `raw_start` and `raw_end` say where each begins and ends. `period`
# is the time that a report speaks of, in EDTF: `2018-40` is the first half (上半年) of a year, `20XX` a year whose
# digits were blanked out. `masked_share` is the share of its numbers that are blanked out. An empty cell means that
# the report does not say; nothing is guessed.
#
# Below, a report is named by its file, and by its place in the file where there are several.

# %%
stem = reports["source"].str.rsplit(".", n=1).str[0]
nth = reports.groupby("source").cumcount() + 1
several = reports.groupby("source")["report_id"].transform("size") > 1
reports["label"] = stem.where(~several, stem + " #" + nth.astype(str))
reports["masked_share"] = reports["masked_share"].round(2)
label_of = reports.set_index("report_id")["label"]

facts = ["place", "period", "report_date", "script", "chars", "quantities", "masked_share"]
display(reports.set_index("label")[facts].fillna({"place": "", "period": "", "report_date": ""}))

# %% [markdown]
# `sources` has one row for each file, also for those that could not be read: `status` and `error` say why.

# %%
facts = ["format", "encoding", "encoding_how", "status", "error", "reports", "observations"]
display(sources.set_index("source")[facts].fillna({"error": ""}))

# %% [markdown]
# ## Poverty figures by report
#
# `topic` says what a number counts, `measure` in what. These topics speak of poverty itself:
#
# | topic | what it counts |
# | --- | --- |
# | `registered_poor` | 建档立卡贫困户, 贫困人口 as a group |
# | `poverty_exit` | 脱贫 as an event, done or planned; 出列, 摘帽 |
# | `exited_poor` | 脱贫户, 脱贫人口 as a group |
# | `monitored` | 监测户, 脱贫不稳定户, 边缘易致贫户, 突发严重困难户, 返贫 |
# | `poverty_rate` | 贫困发生率, 返贫率 and the like |
#
# Each row is one number. `status` keeps what was done (`actual`) apart from what was intended (`planned`) and from
# rules (`standard`). `confidence` is the probability that the topic is right: sort by it to see what to check first.
# `raw_text` is what the file says from `raw_start` to `raw_end`.

# %%
POVERTY = ["registered_poor", "poverty_exit", "exited_poor", "monitored", "poverty_rate"]
MEASURES = {"households": "户", "persons": "人", "percent": "%"}

poverty = observations[observations["topic"].isin(POVERTY) & observations["measure"].isin(list(MEASURES))]
poverty = poverty.astype({"topic": str, "measure": str, "status": str, "role": str, "confidence": float})
poverty["report"] = poverty["report_id"].map(label_of)
poverty["confidence"] = poverty["confidence"].round(3)
poverty["period"] = poverty["period"].fillna("")

display(pd.crosstab(poverty["report"], poverty["topic"]).reindex(columns=POVERTY, fill_value=0))
silent = [label for label in reports["label"] if label not in set(poverty["report"])]
display(Markdown("Reports that state no poverty figure: " + (", ".join(silent) or "none") + "."))

# %%
MOST = 20  # reports to show; a larger collection is better filtered than scrolled through
WHAT = ["topic", "measure", "value", "qualifier", "period", "status", "role", "confidence"]
WHERE = ["raw_text", "raw_start", "raw_end"]

for report, rows in list(poverty.groupby("report", sort=False))[:MOST]:
    display(Markdown(f"### {report}"), rows[WHAT + WHERE].set_index("topic"))

# %% [markdown]
# ## From a value back to its characters
#
# Offsets count code points of the file, decoded with the encoding that `sources` names. So every value can be read
# where it stands, in the report as it was issued: before any repair, and before 繁體 became 简体.

# %%
plain = sources[sources["format"].eq("txt") & sources["observations"].gt(0)].set_index("source")["encoding"]


def decoded(source: str, encoding: str) -> str:
    """The text of a raw file as its offsets count it: without a byte order mark."""
    text = (RAW / source).read_bytes().decode(encoding, errors="replace")
    return text.removeprefix("\ufeff") if encoding.startswith("utf-16") else text


raw = {source: decoded(source, encoding) for source, encoding in plain.items()}


def in_context(row: pd.Series, width: int = 16) -> str:
    """The characters of a row in 【】, between their neighbours in the raw file."""
    if row["source"] not in raw:
        return f"【{row['raw_text']}】"
    text, start, end = raw[row["source"]], row["raw_start"], row["raw_end"]
    return f"{text[max(0, start - width) : start]}【{text[start:end]}】{text[end : end + width]}".replace("\n", "⏎")


traced = poverty.groupby("report", sort=False).head(2).head(2 * MOST)
traced = traced.assign(**{"in the raw file": [in_context(row) for _, row in traced.iterrows()]})
with pd.option_context("display.max_colwidth", None):
    display(traced.set_index("report")[["raw_start", "raw_end", "value", "in the raw file"]])

# %% [markdown]
# The same holds for every row of the table, not only for those shown:

# %%
there = observations[observations["source"].isin(list(raw))]
found = [raw[row.source][row.raw_start : row.raw_end] == row.raw_text for row in there.itertuples()]
assert all(found), "an offset does not point to its raw_text: were the raw files changed after the tables were made?"
display(Markdown(f"{sum(found):,} of {len(found):,} rows stand in the raw files at their offsets."))

# %% [markdown]
# ## Masked numbers are missing, never zero
#
# Many reports are published with their digits blanked out: `xx户`, `x.x%`, `20__年`, `某元`. Such a number has `masked`
# true and no value. Where some digits still stand, `low` and `high` bound it.

# %%
masked = observations[observations["masked"]]
assert masked["value"].isna().all()
bounded = masked[masked["low"].notna() | masked["high"].notna()]
shown = pd.concat([masked[masked["topic"].isin(POVERTY)].head(6), bounded.head(4)])
display(shown[["raw_text", "indicator", "masked", "value", "low", "high", "sentence"]].set_index("raw_text"))

# %% [markdown]
# pandas leaves missing values out, so that its plain sum over masked numbers is a zero that no report states. Ask for
# at least one value (`min_count`):

# %%
sums = {"sum()": masked["value"].sum(), "sum(min_count=1)": masked["value"].sum(min_count=1)}
display(pd.Series(sums, name="sum of the masked numbers").to_frame())

# %% [markdown]
# and say how many numbers are missing beside those that are there:

# %%
by_indicator = poverty.astype({"indicator": str}).groupby("indicator")
display(by_indicator.agg(with_value=("value", "count"), masked=("masked", "sum")).astype(int))

# %% [markdown]
# ## Planned is not done
#
# 计划脱贫, 拟, 力争 and 目标 announce; 已脱贫 and 完成 report. A report may have both for the same indicator, and even
# for the same year. Side by side, in the words of the reports:

# %%
exits = poverty[poverty["topic"].eq("poverty_exit")]
exits = exits.assign(period=exits["period"].replace("", "not stated"))
plans = exits.pivot_table(
    index=["report", "period", "measure"],
    columns="status",
    values="raw_text",
    aggfunc=lambda words: ", ".join(dict.fromkeys(words)),
)
display(plans.reindex(columns=["planned", "actual"]).fillna("").head(3 * MOST))

# %% [markdown]
# ## Parts and totals: do not add everything up
#
# 其中, and a bracket after a number, break a total down. The parts carry the total's `observation_id` in `part_of`:
# leave them out when you add, or you count the same people twice. One total may be broken down more than once, by year
# and again by kind, so its parts may add up to a multiple of it; and where they do not add up at all, the text is kept
# as it was written.

# %%
parts = poverty[poverty["part_of"].notna()].groupby("part_of", sort=False)
broken_down = parts.agg(parts=("raw_text", ", ".join), sum_of_parts=("value", lambda values: values.sum(min_count=1)))
totals = observations.set_index("observation_id")[["report_id", "raw_start", "subject", "raw_text", "value"]]
broken_down = broken_down.join(totals).assign(report=lambda table: table["report_id"].map(label_of))
facts = ["subject", "raw_text", "value", "parts", "sum_of_parts"]
display(broken_down.set_index("report")[facts].head(MOST))

# %% [markdown]
# ## Every numeral has a fate
#
# Many numerals of a report measure nothing: they number headings (一、), name years, or belong to a phrase
# (两不愁三保障, 一户一策). `numerals` lists all of them, and says why those that became no observation were left alone.
# What no rule can explain is `unexplained`, and open to view.

# %%
examples = numerals.groupby("fate", observed=True).head(2)
examples = examples.assign(words=[in_context(row, width=8) for _, row in examples.iterrows()])
fates = numerals["fate"].value_counts().rename("numerals").to_frame()
fates["share"] = (fates["numerals"] / len(numerals)).round(3)
fates["for example, in the raw file"] = examples.groupby("fate", observed=True)["words"].agg(" … ".join)
with pd.option_context("display.max_colwidth", None):
    display(fates[fates["numerals"] > 0])

# %% [markdown]
# ## Checks: does a report agree with itself?
#
# Some numbers constrain each other: a village has at least as many persons as households. `checks` has one row for
# each comparison that a report's own numbers allow, held or violated, with a Chinese sentence that can be sent to the
# issuer.

# %%
display(pd.crosstab(checks["kind"].astype(str), checks["verdict"].astype(str)))
violated = checks[checks["verdict"].eq("violated")]
display(Markdown(f"{len(violated)} violated of {len(checks)}." + ("" if len(violated) else " Some that hold:")))
asked = (violated if len(violated) else checks).head(8)
asked = asked.assign(report=asked["report_id"].map(label_of))
display(asked.set_index("report")[["kind", "verdict", "left", "right", "message"]])

# %% [markdown]
# `observation_ids` leads from a check to the rows that it compares:

# %%
compared = asked.head(2).explode("observation_ids").drop(columns="report_id")
compared = compared.merge(observations, left_on="observation_ids", right_on="observation_id")
display(compared[["report", "raw_text", "indicator", "value", "raw_start", "raw_end"]].set_index("report"))

# %% [markdown]
# ## The poverty figures in one picture
#
# One line for each statement: persons that follow their households at once (`30户95人`) stand on the line of the
# households. Left out are parts of a poverty figure that is itself shown, changes (增加, 减少), rows whose topic is
# doubtful, and what a report says again in the same words. A masked number has no place on the axis: it is a cross
# outside of it, to the left, beside the words of the report.
#
# The Chinese glyphs come from the package `noto-cjk-sans-otc`. A glyph that the font lacks stops the notebook: an
# empty box in a figure is a word that nobody can read.

# %%
font_manager.fontManager.addfont(FONT_PATH)
plt.rcParams["font.family"] = "Noto Sans CJK SC"
plt.rcParams["figure.dpi"] = 100

MIN_CONFIDENCE = 0.5


def statements_of(poverty: pd.DataFrame) -> pd.DataFrame:
    """The rows to draw, with the number of the statement that each belongs to: 30户95人 is one."""
    topic_of = poverty.set_index("observation_id")["topic"]
    part = poverty["part_of"].map(topic_of).eq(poverty["topic"])
    rows = poverty[~part & poverty["role"].eq("level") & poverty["confidence"].ge(MIN_CONFIDENCE)]
    before = rows.shift()
    pair = rows["measure"].eq("persons") & before["measure"].eq("households") & rows["topic"].eq(before["topic"])
    follows = pair & rows["report_id"].eq(before["report_id"]) & rows["raw_start"].sub(before["raw_end"]).le(2)
    rows = rows.assign(statement=(~follows).cumsum())
    rows["words"] = rows.groupby("statement")["raw_text"].transform(" ".join)
    return rows.drop_duplicates(["report_id", "topic", "period", "status", "measure", "words"])


statements = statements_of(poverty)
statements = statements[statements["report"].isin(statements["report"].unique()[:MOST])]

# %%
COLOURS = dict(zip(POVERTY, ["#0072B2", "#009E73", "#56B4E9", "#D55E00", "#AA4499"], strict=True))


def draw_number(ax: Axes, row: pd.Series, y: float) -> None:
    """One number at height y: a dot; a bar where only bounds are known; a cross at the edge where nothing is."""
    colour = COLOURS[row["topic"]]
    text = {"fontsize": 8.5, "va": "center_baseline", "xytext": (8, 0), "textcoords": "offset points"}
    if pd.notna(row["value"]):
        face = colour if row["status"] == "actual" else "white"
        ax.plot(row["value"], y, "o", color=colour, mfc=face, ms=7, mew=1.6, clip_on=False, zorder=3)
        ax.annotate(row["raw_text"], (row["value"], y), color="#222222", **text)
    elif pd.notna(row["low"]) and pd.notna(row["high"]):
        ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=4, alpha=0.5, solid_capstyle="butt")
        ax.annotate(row["raw_text"], (row["high"], y), color="#222222", **text)
    else:
        edge = ax.get_yaxis_transform()
        ax.plot(0.02, y, "x", color="#999999", ms=6, transform=edge, zorder=3)
        ax.annotate(row["raw_text"], (0.02, y), xycoords=edge, color="#777777", **text)


def draw_axis(ax: Axes, measure: str, values: pd.Series) -> None:
    """Scale, grid and title of the axis of one measure: counts are logarithmic; masks stand left of zero."""
    largest = max([10, *values.dropna()])
    if measure == "percent":
        ax.set_xlim(-40, max(150, 1.4 * largest))
        ax.set_xticks([0, 50, 100])
    else:
        ax.set_xscale("symlog", linthresh=1, linscale=0.25)
        ax.set_xlim(-5, 20 * largest)
        ticks = [0, *(10**power for power in range(len(f"{largest:.0f}") + 1))]
        ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        ax.minorticks_off()
    unit = MEASURES[measure]
    ax.set_title(unit if unit == "%" else f"{unit} ({measure})", fontsize=11, loc="left")
    ax.grid(axis="x", color="#E8E8E8")
    ax.tick_params(length=0, labelsize=9)
    ax.spines[:].set_visible(False)


def heights_of(statements: pd.DataFrame) -> tuple[dict[int, float], dict[str, float], float]:
    """The height of each statement and of each report's heading, counted downwards, and the height of all."""
    heights, headings, y = {}, {}, 0.0
    for report, rows in statements.groupby("report", sort=False):
        headings[report] = y
        for statement in rows["statement"].unique():
            y += 1
            heights[statement] = y
        y += 1.5
    return heights, headings, y


def name_of(row: pd.Series) -> str:
    """What a line counts, in the words of the report, and when: poverty exit 计划脱贫, 2018, planned."""
    facts = [f"{row['topic'].replace('_', ' ')} {row['subject'][:14]}".strip(), row["period"] or "time not stated"]
    return ", ".join(facts if row["status"] == "actual" else [*facts, row["status"]])


def draw_legend(figure: Figure) -> None:
    """What the marks mean."""
    grey = {"color": "#555555", "linestyle": "", "markeredgewidth": 1.6}
    marks = [
        Line2D([], [], marker="o", label="actual (已完成或现有)", **grey),
        Line2D([], [], marker="o", markerfacecolor="white", label="planned or standard (计划, 标准)", **grey),
        Line2D([], [], marker="x", label="masked: missing (数字被遮盖)", **grey),
    ]
    figure.legend(handles=marks, loc="outside lower left", ncols=3, frameon=False, fontsize=9)


def draw(statements: pd.DataFrame) -> Figure:
    """The statements of each report, one column for each measure."""
    heights, headings, bottom = heights_of(statements)
    size = (12, 1.6 + 0.26 * bottom)
    figure, axes = plt.subplots(1, 3, figsize=size, sharey=True, width_ratios=[3, 3, 2], layout="constrained")
    for ax, measure in zip(axes, MEASURES, strict=True):
        rows = statements[statements["measure"].eq(measure)]
        for _, row in rows.iterrows():
            draw_number(ax, row, heights[row["statement"]])
        draw_axis(ax, measure, rows["value"])
        across = ax.get_yaxis_transform()
        ax.hlines(list(heights.values()), 0, 1, transform=across, color="#F3F3F3", linewidth=0.8, zorder=0)
        ax.hlines([y + 0.45 for y in headings.values()], 0, 1, transform=across, color="#999999", linewidth=0.8)
    for report, y in headings.items():
        axes[0].text(0, y, report, fontsize=10.5, va="center_baseline", transform=axes[0].get_yaxis_transform())
    lines = statements.drop_duplicates("statement")
    axes[0].set_yticks(list(heights.values()), [name_of(row) for _, row in lines.iterrows()])
    axes[0].set_ylim(max(bottom, 1) - 0.8, -0.8)
    figure.suptitle("Poverty figures by report, as stated (各报告所述贫困数据)", fontsize=13, x=0.01, ha="left")
    draw_legend(figure)
    return figure


def readable(figure: Figure) -> Figure:
    """The figure, once all of its characters were drawn; a glyph that the font lacks is an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        figure.canvas.draw()
    return figure


readable(draw(statements))
plt.show()

# %% [markdown]
# ## What to mind
#
# - Choose rows by `status`, `role` and `basis` before comparing: a plan, an increase (增加) or a figure per head (人均)
#   is no level.
# - Set a floor for `confidence` and look at what lies below it: `decided_by` names the rule or model that chose the
#   topic.
# - Leave out rows with `part_of` when you add up, and never read a masked number as zero.
# - Quote `source`, `raw_start` and `raw_end` with a figure that you publish: then whoever reads it can look it up.
