"""The contract of the tables, and that codebook and data package say the same as the schema."""

from __future__ import annotations

import json
import re
from typing import get_args

import pyarrow as pa
import pytest

from pipeline import schema
from pipeline.rules import CUE_FILES, Measure, TopicName
from pipeline.schema import Column, TableSpec

# Researchers' code depends on these names: a column may be added, none may be renamed or leave.
CONTRACT = {
    "observations": """observation_id report_id section_id source raw_start raw_end raw_text text sentence indicator
        topic measure subject value low high number unit qualifier masked basis status role
        period period_start period_end place adcode part_of decided_by confidence""",
    "sections": "section_id report_id source parent_id level ordinal heading kind raw_start raw_end text_chars",
    "reports": """report_id source raw_start raw_end title issuer place adcode report_date
        period period_start period_end script chars masked_share quantities repairs twin_of twin_similarity""",
    "sources": """source sha256 bytes format encoding encoding_how status error reports observations
        ingested_at fingerprint""",
    "numerals": "report_id source raw_start raw_end raw_text fate observation_id",
    "checks": "check_id report_id kind left right difference verdict observation_ids message",
    "repairs": "source raw_start raw_end before after kind",
}
TYPES = {
    "observations": {"value": pa.float64(), "low": pa.float64(), "high": pa.float64(), "number": pa.float64(),
                     "raw_start": pa.int64(), "raw_end": pa.int64(), "masked": pa.bool_(), "confidence": pa.float32(),
                     "period_start": pa.date32(), "period_end": pa.date32(), "text": pa.string()},
    "sources": {"ingested_at": pa.timestamp("us", tz="UTC"), "bytes": pa.int64()},
    "checks": {"observation_ids": pa.list_(pa.string())},
    "reports": {"repairs": pa.map_(pa.string(), pa.int32())},
}  # fmt: skip
COLUMNS = [(table, column) for table in schema.TABLES for column in table.columns]
CATEGORY = pa.dictionary(pa.int32(), pa.string())
PACKAGE = json.loads(schema.datapackage())
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
FIELD_TYPES = {"boolean", "integer", "number", "string", "date", "datetime", "object", "array"}

every_table = pytest.mark.parametrize("table", schema.TABLES, ids=[t.name for t in schema.TABLES])
every_column = pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t.name}.{c.name}" for t, c in COLUMNS])


@pytest.mark.parametrize("name", list(CONTRACT))
def test_no_column_of_the_contract_is_missing(name: str) -> None:
    table = next(t for t in schema.TABLES if t.name == name)
    promised = CONTRACT[name].split()
    assert [c.name for c in table.columns if c.name in promised] == promised


@pytest.mark.parametrize(("name", "types"), TYPES.items(), ids=list(TYPES))
def test_types_of_the_contract(name: str, types: dict[str, pa.DataType]) -> None:
    table = next(t for t in schema.TABLES if t.name == name)
    assert {c.name: c.type for c in table.columns if c.name in types} == types


@every_table
def test_keys_are_columns(table: TableSpec) -> None:
    names = [c.name for c in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.primary) <= set(names)
    assert all(c.required for c in table.columns if c.name in table.primary)


@every_column
def test_a_column_is_documented(table: TableSpec, column: Column) -> None:
    assert re.fullmatch("[a-z][a-z0-9_]*", column.name)
    assert len(column.description) > 5
    assert not column.key or column.key in {t.name for t in schema.TABLES}
    assert not column.values or column.type == CATEGORY
    assert len(set(column.values)) == len(column.values)


@every_column
def test_the_arrow_field_carries_the_documentation(table: TableSpec, column: Column) -> None:
    field = table.schema().field(column.name)
    assert field.type == column.type
    assert field.nullable != column.required
    assert field.metadata[b"description"].decode() == column.description
    assert field.metadata.get(b"unit", b"").decode() == column.unit


@every_table
def test_the_file_metadata_say_version_and_more(table: TableSpec) -> None:
    metadata = table.schema(run="7").metadata
    assert metadata == {
        b"schema_version": schema.VERSION.encode(), b"description": table.description.encode(), b"run": b"7"
    }  # fmt: skip


def codebook_rows(name: str) -> list[list[str]]:
    """The cells of a table of the codebook, without head and rule."""
    section = schema.codebook().split(f"## `{name}`\n", 1)[1].split("\n## ", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]


@every_table
def test_the_codebook_agrees_with_the_schema(table: TableSpec) -> None:
    rows = codebook_rows(table.name)
    assert table.description in schema.codebook()
    assert [row[0] for row in rows] == [f"`{c.name}`" for c in table.columns]
    for row, column in zip(rows, table.columns, strict=True):
        assert len(row) == 3
        assert row[1] == ("category" if column.type == CATEGORY else str(column.type))
        assert row[2].startswith(column.description)
        assert column.unit in row[2]
        assert all(value in row[2] for value in column.values)


def test_the_data_package_lists_every_table_where_it_lies() -> None:
    assert {name: resource["path"] for name, resource in RESOURCES.items()} == {
        t.name: f"{t.name}/data.parquet" for t in (*schema.TABLES, *schema.DERIVED)
    }
    assert PACKAGE["name"] == "cunbao"
    assert PACKAGE["version"] == schema.VERSION


@every_table
def test_the_data_package_agrees_with_the_schema(table: TableSpec) -> None:
    described = RESOURCES[table.name]["schema"]
    assert described["primaryKey"] == list(table.primary)
    for field, column in zip(described["fields"], table.columns, strict=True):
        assert (field["name"], field["description"]) == (column.name, column.description)
        assert field.get("unit", "") == column.unit
        assert field["type"] in FIELD_TYPES
        assert field.get("constraints", {}).get("required", False) == column.required
        assert field.get("constraints", {}).get("enum", []) == list(column.values)


@every_table
def test_foreign_keys_point_to_a_primary_key(table: TableSpec) -> None:
    keys = RESOURCES[table.name]["schema"]["foreignKeys"]
    assert [key["fields"] for key in keys] == [c.name for c in table.columns if c.key]
    for key in keys:
        target = RESOURCES[key["reference"]["resource"] or table.name]  # an empty name is the table itself
        assert target["schema"]["primaryKey"] == [key["reference"]["fields"]]


KIND = {"number": pa.types.is_floating, "integer": pa.types.is_integer, "boolean": pa.types.is_boolean,
        "date": pa.types.is_date, "datetime": pa.types.is_timestamp, "array": pa.types.is_list,
        "object": pa.types.is_map, "string": lambda t: t == CATEGORY or pa.types.is_string(t)}  # fmt: skip


@every_column
def test_the_field_type_is_the_arrow_type(table: TableSpec, column: Column) -> None:
    field = next(f for f in RESOURCES[table.name]["schema"]["fields"] if f["name"] == column.name)
    assert KIND[field["type"]](column.type)


VOCABULARIES = [
    ("observations", "measure", set(get_args(Measure))),
    ("observations", "topic", set(get_args(TopicName))),
    ("observations", "status", set(CUE_FILES["status"][0] or ())),
    ("observations", "role", set(CUE_FILES["role"][0] or ())),
    ("observations", "basis", set(CUE_FILES["basis"][0] or ()) - {"same"}),
    ("observations", "qualifier", set(CUE_FILES["qualifiers"][0] or ()) | {"exact", "range"}),
    ("numerals", "fate", set(CUE_FILES["fates"][0] or ()) | {"observation", "unexplained"}),
    ("sections", "kind", set(CUE_FILES["headings"][0] or ()) | {"intro"}),
]


@pytest.mark.parametrize(("table", "column", "values"), VOCABULARIES, ids=[f"{t}.{c}" for t, c, _ in VOCABULARIES])
def test_rules_and_schema_share_their_vocabularies(table: str, column: str, values: set[str]) -> None:
    found = next(c for t, c in COLUMNS if (t.name, c.name) == (table, column))
    assert set(found.values) == values
