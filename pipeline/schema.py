"""The Arrow schemas of the tables with their documentation; codebook and data package are printed from them.

The contract: names, types and meanings are fixed. A column may be added, never renamed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import get_args

import pyarrow as pa

from pipeline.rules import Measure, TopicName

VERSION = "1.0"
CATEGORY = pa.dictionary(pa.int32(), pa.string())

MEASURES: tuple[str, ...] = get_args(Measure)
TOPICS: tuple[str, ...] = get_args(TopicName)
QUALIFIERS = ("exact", "about", "over", "under", "range")
BASES = ("total", "per_capita", "per_household", "per_mu", "per_year", "per_month", "per_other")
STATUSES = ("actual", "planned", "standard")
ROLES = ("level", "increase", "decrease", "difference")
KINDS = ("intro", "overview", "work", "problems", "plan", "experience", "suggestions", "other", "closing")
SOURCE_STATUSES = ("ok", "failed", "empty", "unsupported", "removed")
SCRIPTS = ("hans", "hant", "mixed")
VERDICTS = ("holds", "violated")
CHOICES = ("only", "agree", "known", "exact", "whole", "majority", "latest", "confident", "first", "masked")
FATES = ("observation", "date", "period", "enumerator", "ordinal", "document_number", "name", "phrase", "grade", "age",
         "code", "mask_of_name", "unexplained")  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a table. `unit`, `values` (a closed vocabulary) and `key` (table it points to) are documentation."""

    name: str
    type: pa.DataType
    description: str
    unit: str = ""
    values: tuple[str, ...] = ()
    key: str = ""
    required: bool = True


@dataclass(frozen=True)
class TableSpec:
    """A table: its columns in order, and the column (or columns) that identify a row."""

    name: str
    description: str
    primary: tuple[str, ...]
    columns: tuple[Column, ...]

    def schema(self, **metadata: str) -> pa.Schema:
        """The Arrow schema, with the documentation as metadata of fields and file."""
        fields = [pa.field(c.name, c.type, nullable=not c.required, metadata=_field_metadata(c)) for c in self.columns]
        return pa.schema(fields, metadata={"schema_version": VERSION, "description": self.description, **metadata})


def _field_metadata(column: Column) -> dict[str, str]:
    metadata = {"description": column.description}
    if column.unit:
        metadata["unit"] = column.unit
    return metadata


def _text(name: str, description: str, *, null: bool = False, key: str = "", values: tuple[str, ...] = ()) -> Column:
    return Column(name, CATEGORY if values else pa.string(), description, "", values, key, not null)


def _offset(name: str, description: str) -> Column:
    return Column(name, pa.int64(), description, "code points of the decoded file or extracted text")


def _number(name: str, description: str, unit: str = "") -> Column:
    return Column(name, pa.float64(), description, unit, required=False)


def _count(name: str, description: str, unit: str) -> Column:
    return Column(name, pa.int64(), description, unit)


_SOURCE = _text("source", "path of the raw file relative to the raw folder, / separated", key="sources")
_REPORT = _text("report_id", "the report that it stands in", key="reports")
_RAW = (
    _offset("raw_start", "where it begins: decoded[raw_start:raw_end] is the raw text"),
    _offset("raw_end", "where it ends"),
)
_PERIOD = (
    _text(
        "period",
        "the time spoken of, in EDTF (2018, 2018-40 first half, 2018-33 first quarter, 2014/2020, 20XX masked)",
        null=True,
    ),
    Column("period_start", pa.date32(), "first day of period; null when unknown or masked", required=False),
    Column("period_end", pa.date32(), "last day of period; null when unknown or masked", required=False),
)
_ADCODE = _text(
    "adcode",
    "code of the place: GB/T 2260 in the report's year (6 digits, county and above), 9 digits for a township, for a "
    "village that of its township; null when unknown or ambiguous, never guessed",
    null=True,
)

OBSERVATIONS = TableSpec(
    "observations",
    "One row for each number that a report states.",
    ("observation_id",),
    (
        _text("observation_id", "stable: the same source bytes and offsets give the same id on every run and machine"),
        _REPORT,
        _text("section_id", "the section that it stands in", key="sections"),
        _SOURCE,
        *_RAW,
        _text("raw_text", "the quantity exactly as it stands in the file"),
        _text("text", "the same after repair and simplification"),
        _text("sentence", "the repaired, simplified sentence around it"),
        Column("indicator", CATEGORY, "topic.measure"),
        _text("topic", "what is counted", values=TOPICS),
        _text("measure", "in what it is counted; decides the canonical unit", values=MEASURES),
        _text("subject", "what is counted, as the text names it"),
        _number(
            "value",
            "the number stated; null when masked, or when the text gives only a range",
            "canonical unit of measure",
        ),
        _number("low", "lower bound, where the text gives one", "canonical unit of measure"),
        _number("high", "upper bound, where the text gives one", "canonical unit of measure"),
        _number("number", "the number as written, before the unit was converted (190 in 190万元)", "unit"),
        _text("unit", "the unit as written (万元); empty where the sentence supplies it"),
        _text("qualifier", "how exact the text says it is", values=QUALIFIERS),
        Column("masked", pa.bool_(), "digits were blanked out: the number is missing, never zero"),
        _text("basis", "per what it is stated", values=BASES),
        _text("status", "done or existing, planned, or a recurring rule", values=STATUSES),
        _text("role", "a level, by how much it rose or fell, or a gap; the value is unsigned", values=ROLES),
        *_PERIOD,
        _text(
            "place", "the place that the number speaks of, as the text names it; inherited from the report", null=True
        ),
        _ADCODE,
        _text("part_of", "the total that it is stated to be a part of", null=True, key="observations"),
        _text("decided_by", "the rule (an id found in rules/) or the model that chose the topic"),
        Column("confidence", pa.float32(), "probability that the topic is right", "0 to 1"),
    ),
)

SECTIONS = TableSpec(
    "sections",
    "The sections of the reports; they tile their report: no gap, no overlap.",
    ("section_id",),
    (
        _text("section_id", "stable like observation_id"),
        _REPORT,
        _SOURCE,
        _text("parent_id", "the section that it stands under", null=True, key="sections"),
        Column(
            "level",
            pa.int8(),
            "0 text before the first heading and closing lines; 1 一、 2 （一） 3 1、 4 （1） 5 一是",
        ),
        _text("ordinal", "the enumerator as written", null=True),
        _text("heading", "the heading with its enumerator, repaired and simplified", null=True),
        _text("kind", "what the section is about", values=KINDS),
        *_RAW,
        _count("text_chars", "length of the section without those under it", "code points of the repaired text"),
    ),
)

REPORTS = TableSpec(
    "reports",
    "The reports; one file may hold several.",
    ("report_id",),
    (
        _text("report_id", "stable like observation_id"),
        _SOURCE,
        *_RAW,
        _text("title", "the title, where there is one", null=True),
        _text("issuer", "who writes", null=True),
        _text("place", "the place that the report is about, as the text names it", null=True),
        _ADCODE,
        _text("report_date", "date of the report, in EDTF", null=True),
        *_PERIOD,
        _text("script", "simplified, traditional or both", values=SCRIPTS),
        _count("chars", "length of the report in the file", "code points"),
        _number("masked_share", "share of its quantities that are masked; null where it has none", "0 to 1"),
        _count("quantities", "number of its quantities", "rows of observations"),
        Column("repairs", pa.map_(pa.string(), pa.int32()), "number of repairs of each kind"),
        _text("twin_of", "an earlier near-duplicate", null=True, key="reports"),
        _number("twin_similarity", "how alike the two are: Jaccard similarity of their character triples", "0 to 1"),
        _text("signature", "MinHash signature by which twins are found; null where the text is too short", null=True),
    ),
)

SOURCES = TableSpec(
    "sources",
    "One row for each file ever seen in the raw folder, also those that failed.",
    ("source",),
    (
        _text("source", "path of the raw file relative to the raw folder, / separated"),
        _text("sha256", "digest of the bytes; empty where they could not be read"),
        _count("bytes", "size of the file", "bytes"),
        _text("format", "what kind of file it is, whatever its name says: txt, md, html, docx, pdf or doc", null=True),
        _text("encoding", "encoding it was decoded from; null where the format fixes it", null=True),
        _text("encoding_how", "how the encoding was found", null=True),
        _text(
            "extractor",
            "what made a text of a docx, html, pdf or doc; offsets count into that text, which `cunbao text FILE` "
            "prints; null for text files",
            null=True,
        ),
        _text("status", "what became of the file", values=SOURCE_STATUSES),
        _text("error", "why it could not be read, and what to do", null=True),
        _count("reports", "number of reports in it", "rows of reports"),
        _count("observations", "number of quantities in it", "rows of observations"),
        Column("ingested_at", pa.timestamp("us", tz="UTC"), "when it was read"),
        _text("fingerprint", "of the rules, models and code that read it"),
    ),
)

NUMERALS = TableSpec(
    "numerals",
    "Every numeral of every report, so that nothing is dropped in silence.",
    ("source", "raw_start"),
    (
        _REPORT,
        _SOURCE,
        *_RAW,
        _text("raw_text", "the numeral exactly as it stands in the file"),
        _text("fate", "observation, or the reason why it is none", values=FATES),
        _text("observation_id", "the row that it became", null=True, key="observations"),
    ),
)

CHECKS = TableSpec(
    "checks",
    "Arithmetic that the report's own numbers should satisfy.",
    ("check_id",),
    (
        _text("check_id", "stable like observation_id"),
        _REPORT,
        Column("kind", CATEGORY, "id of the check's rule in rules/checks.toml"),
        _number("left", "left side", "canonical unit"),
        _number("right", "right side", "canonical unit"),
        _number("difference", "left minus right", "canonical unit"),
        _text("verdict", "whether it holds", values=VERDICTS),
        Column("observation_ids", pa.list_(pa.string()), "the observations compared"),
        _text("message", "one Chinese sentence that can be pasted into a query to the issuer"),
    ),
)

REPAIRS = TableSpec(
    "repairs",
    "What was changed in the text before reading it.",
    ("source", "raw_start", "kind"),
    (
        _SOURCE,
        *_RAW,
        _text("before", "what stood there"),
        _text("after", "what it was read as"),
        Column(
            "kind",
            CATEGORY,
            "the fixer that changed it; …_unsure: other readings are possible; …_tail: damaged, and left",
        ),
    ),
)

PANEL = TableSpec(
    "panel",
    "One row for each fact: a place, a period, an indicator, a subject. What a researcher regresses on.",
    ("place", "adcode", "period", "indicator", "basis", "status", "role", "subject"),
    (
        _text("place", "the place that the number speaks of", null=True),
        _ADCODE,
        *_PERIOD,
        Column("indicator", CATEGORY, "topic.measure"),
        _text("topic", "what is counted", values=TOPICS),
        _text("measure", "in what it is counted; decides the canonical unit", values=MEASURES),
        _text("basis", "per what it is stated", values=BASES),
        _text("status", "done or existing, planned, or a recurring rule", values=STATUSES),
        _text("role", "a level, by how much it rose or fell, or a gap", values=ROLES),
        _text("subject", "subject group: what is counted, letters only; empty where the text names nothing"),
        _number("value", "the value chosen; null when every observation is masked or a range", "canonical unit"),
        _number("low", "lower bound of the observation chosen", "canonical unit of measure"),
        _number("high", "upper bound of the observation chosen", "canonical unit of measure"),
        _text("qualifier", "how exact the text says it is", values=QUALIFIERS),
        _text("chosen_by", "why this observation was taken: the only one, all agree, or by this it is better than "
              "the next best", values=CHOICES),
        _count("observations", "how many observations speak of the fact; the same value in twins counts once", "rows"),
        _count("reports", "in how many reports they stand; twins count once", "rows"),
        Column("agree", pa.bool_(), "whether all known values are one value"),
        _number("least", "smallest value stated", "canonical unit of measure"),
        _number("most", "largest value stated", "canonical unit of measure"),
        Column("confidence", pa.float32(), "probability that the topic of the observation chosen is right", "0 to 1"),
        _text("observation_id", "the observation chosen", key="observations"),
        Column("observation_ids", pa.list_(pa.string()), "all observations of the fact, best first"),
    ),
)  # fmt: skip

# What is read out of the files, part by part.
TABLES: tuple[TableSpec, ...] = (OBSERVATIONS, SECTIONS, REPORTS, SOURCES, NUMERALS, CHECKS, REPAIRS)
# What is made of all of them together.
DERIVED: tuple[TableSpec, ...] = (PANEL,)


def codebook() -> str:
    """The tables and their columns as Markdown, for CODEBOOK.md."""
    lines = [
        "# Codebook",
        "",
        f'Schema version {VERSION}. Read a table with `pandas.read_parquet("<folder>/<table>")`.',
    ]
    for table in (*TABLES, *DERIVED):
        lines += [
            "",
            f"## `{table.name}`",
            "",
            table.description,
            "",
            "| column | type | meaning |",
            "| --- | --- | --- |",
        ]
        for c in table.columns:
            meaning = c.description + (f" [{c.unit}]" if c.unit else "") + (f" (key of `{c.key}`)" if c.key else "")
            meaning += f". One of: {', '.join(c.values)}" if c.values else ""
            lines.append(f"| `{c.name}` | {_type_name(c)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _type_name(column: Column) -> str:
    return "category" if pa.types.is_dictionary(column.type) else str(column.type)


# Arrow types -> field types of the Frictionless Table Schema (https://specs.frictionlessdata.io/table-schema/).
FRICTIONLESS = ((pa.types.is_boolean, "boolean"), (pa.types.is_integer, "integer"), (pa.types.is_floating, "number"),
                (pa.types.is_date, "date"), (pa.types.is_timestamp, "datetime"), (pa.types.is_map, "object"),
                (pa.types.is_list, "array"))  # fmt: skip


def datapackage() -> str:
    """The Frictionless Data Package of the tables, for datapackage.json."""
    resources = [
        {
            "name": table.name,
            "path": f"{table.name}/data.parquet",
            "description": table.description,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "schema": {
                "fields": [_field(c) for c in table.columns],
                "primaryKey": list(table.primary),
                "foreignKeys": [_foreign_key(table, c) for c in table.columns if c.key],
            },
        }
        for table in (*TABLES, *DERIVED)
    ]
    package = {"name": "cunbao", "title": "Cunbao (村报): what grass-roots reports state", "version": VERSION,
               "resources": resources}  # fmt: skip
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


def _field(column: Column) -> dict[str, object]:
    kind = next((name for test, name in FRICTIONLESS if test(column.type)), "string")
    field: dict[str, object] = {"name": column.name, "type": kind, "description": column.description}
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, object] = {"required": True} if column.required else {}
    if column.values:
        constraints["enum"] = list(column.values)
    return {**field, "constraints": constraints} if constraints else field


def _foreign_key(table: TableSpec, column: Column) -> dict[str, object]:
    target = next(t for t in TABLES if t.name == column.key)
    resource = "" if target is table else target.name
    return {"fields": column.name, "reference": {"resource": resource, "fields": target.primary[0]}}
