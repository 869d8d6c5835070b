"""The reading process: text of docx, html and pdf files, within a limit of memory. sandbox.py starts and stops it.

Run as `python -m pipeline.read.worker BYTES`. Questions come on standard input, a line of JSON and the file's bytes;
an answer is a line of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO

from pipeline.errors import ReadError

# The modules wait until such a file comes: pdfplumber alone takes half a second to import.
READERS = {"docx": "pipeline.read.docx", "html": "pipeline.read.page", "pdf": "pipeline.read.pdf"}
Reader = Callable[[bytes, str], tuple[str, str]]


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answers questions until they end, or until memory ran out: what a library then holds on to is unknown."""
    while line := questions.readline():
        question = json.loads(line)
        answer = answer_to(question["format"], questions.read(question["bytes"]), question["source"])
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if "last" in answer:
            return


def answer_to(form: str, data: bytes, source: str) -> dict[str, str]:
    """The text of a file and what extracted it, or the error that `sources` records."""
    try:
        read: Reader = import_module(READERS[form]).text_of
        text, extractor = read(data, source)
    except ReadError as error:
        return {"error": str(error), "status": error.status}
    except MemoryError:
        said = f"{source}: reading it needs more memory than a report may take; split it or save it as .txt"
        return {"error": said, "status": "failed", "last": "yes"}
    except RecursionError:
        return {"error": f"{source}: it is nested too deeply; save it as .txt", "status": "failed"}
    except Exception as error:  # libraries raise whatever a damaged file makes of them: IndexError, struct.error, ...
        said = f"{source}: it is no .{form} file or damaged ({type(error).__name__}); save it anew or as .txt"
        return {"error": said, "status": "failed"}
    return {"text": text, "extractor": extractor}


def limit_memory(limit: int) -> None:
    """Lets the operating system refuse more than `limit` bytes of address space, where it can."""
    if os.name == "posix":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def main() -> None:
    """Serves the two pipes that sandbox.py opened; what a library prints goes nowhere."""
    limit_memory(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(os.fdopen(0, "rb"), answers)


if __name__ == "__main__":
    main()
