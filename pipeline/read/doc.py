"""Old Word files (.doc): read by a converter that the machine has, LibreOffice before antiword.

Many files of this name are something else; sniff.py has sent those elsewhere. The converter gets a folder of its own
that is removed afterwards, runs no macros, updates no links, and is stopped after a while.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pipeline.errors import ReadError

TIME_LIMIT = 120.0  # seconds; the first start of LibreOffice alone takes some 10
# A shell sets the limit of memory (4 GB, in kB) and becomes the converter; where it cannot, there is none.
LIMITED = ("/bin/sh", "-c", 'ulimit -v 4000000 2>/dev/null; exec "$@"', "sh")
MOST_OUTPUT = 64_000_000  # bytes
OFFICES = ("soffice", "libreoffice")
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""
ROW = re.compile(rb"^\|(.*)\|[ \t\r]*$", re.MULTILINE)  # antiword draws tables: |养羊 |35户 |


def convert(data: bytes, source: str) -> tuple[str, bytes, str]:
    """(`docx` or `txt`, its bytes, what converted it).

    Raises ReadError if no converter is there (`unsupported`), or if it fails or takes too long.
    """
    office = next(filter(None, map(shutil.which, OFFICES)), None)
    antiword = shutil.which("antiword")
    if office is None and antiword is None:
        raise ReadError(
            f"{source}: this machine has no converter for .doc; install LibreOffice or antiword, or save it as .docx",
            status="unsupported",
        )
    with tempfile.TemporaryDirectory(prefix="cunbao-") as folder:
        file = Path(folder, "report.doc")
        file.write_bytes(data)
        if office is not None:
            return "docx", _by_office(office, file, source), _version(office, "--version")
        assert antiword is not None
        return "txt", _by_antiword(antiword, file, source), "antiword"


def _by_office(office: str, file: Path, source: str) -> bytes:
    profile = file.parent / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, "utf-8")
    _run(
        [office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck",
         "--infilter=MS Word 97",  # without it, LibreOffice reads a damaged file as plain text: a page of nonsense
         "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(file.parent / "out"), str(file)], file.parent, source,
    )  # fmt: skip
    return _output(file.parent / "out" / "report.docx", source)


def _by_antiword(antiword: str, file: Path, source: str) -> bytes:
    """The text in UTF-8, unwrapped, a line for each paragraph; rows of tables with tabs."""
    with (file.parent / "report.txt").open("wb") as out:
        _run([antiword, "-m", "UTF-8.txt", "-w", "0", str(file)], file.parent, source, out.fileno())
    text = _output(file.parent / "report.txt", source)
    return ROW.sub(lambda m: b"\t".join(cell.strip() for cell in m[1].split(b"|")), text)


def _run(command: list[str], folder: Path, source: str, out: int = subprocess.DEVNULL) -> None:
    """Runs a converter in `folder`; it and all that it started end with the time limit."""
    limited = [*LIMITED, *command] if os.name == "posix" else command
    with subprocess.Popen(
        limited, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LANG": "C.UTF-8", "TMPDIR": str(folder)},
    ) as process:  # fmt: skip
        try:
            process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise ReadError(
                f"{source}: it cannot be converted within {TIME_LIMIT:.0f} seconds; save it as .docx"
            ) from None
        finally:
            if os.name == "posix":
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
    if process.returncode:
        raise _fails(source)


def _output(file: Path, source: str) -> bytes:
    """What the converter wrote. Raises ReadError if that is nothing, or far too much."""
    if not file.is_file() or not file.stat().st_size or file.stat().st_size > MOST_OUTPUT:
        raise _fails(source)
    return file.read_bytes()


def _fails(source: str) -> ReadError:
    return ReadError(f"{source}: it is damaged or no .doc file, and cannot be converted; save it as .docx")


@lru_cache(maxsize=4)
def _version(program: str, flag: str) -> str:
    """What a converter calls itself: LibreOffice 7.4.7.2."""
    try:
        said = subprocess.run([program, flag], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    return " ".join(said.split()[:2]) or Path(program).name
