"""Asks the reading process (worker.py) for the text of a file in a foreign format.

A report may be hostile: packed to explode, nested without end, made to keep a parser busy for days. Whatever such a
file does to the libraries that read it, it does to a process of its own with limits, and the run goes on.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from pipeline.errors import ReadError

# Seconds for one file: a page of a PDF takes about 0.05, a whole report in another format some hundredths.
TIME_LIMITS = {"docx": 30.0, "html": 30.0, "pdf": 120.0}
MEMORY_LIMIT = 1_000_000_000  # bytes of address space; the libraries themselves take a third of it
RENEW = 200  # files, after which a fresh process takes over, so that what libraries leak does not add up
ROOT = Path(__file__).parents[2]


class Reader:
    """The reading process: started when first needed, renewed when it was stopped or has read many files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._left = 0

    def ask(self, form: str, data: bytes, source: str) -> dict[str, str]:
        """What the process answers (worker.serve). Raises ReadError if it ran out of time or broke."""
        with self._lock:
            process = self._running()
            out_of_time = threading.Event()

            def end() -> None:
                out_of_time.set()
                process.kill()

            timer = threading.Timer(TIME_LIMITS[form], end)
            timer.start()
            try:
                answer = _exchange(process, {"format": form, "source": source, "bytes": len(data)}, data)
            finally:
                timer.cancel()
            self._left -= 1
            if not answer or "last" in answer:
                self.stop()
        if answer:
            return answer
        if out_of_time.is_set():
            raise ReadError(
                f"{source}: it cannot be read in {TIME_LIMITS[form]:.0f} seconds; split it or save it as .txt"
            )
        raise ReadError(f"{source}: it stops the reader of .{form} files (hostile or damaged?); save it as .txt")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None or not self._left:
            self.stop()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.read.worker", str(MEMORY_LIMIT)],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )  # fmt: skip
            self._left = RENEW
        return self._process

    def stop(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _exchange(process: subprocess.Popen[bytes], question: dict[str, object], data: bytes) -> dict[str, str]:
    """One question and its answer, a line of JSON each; an empty answer if the process ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(question).encode() + b"\n" + data)
        process.stdin.flush()
        answer: dict[str, str] = json.loads(process.stdout.readline() or b"{}")
    except (OSError, ValueError):
        return {}
    return answer


READER = Reader()
atexit.register(READER.stop)


def extract(form: str, data: bytes, source: str) -> tuple[str, str]:
    """The text of a docx, html (in UTF-8) or pdf, and what extracted it.

    Raises ReadError if it is damaged, holds no text, or goes beyond the limits.
    """
    answer = READER.ask(form, data, source)
    if "error" in answer:
        raise ReadError(answer["error"], status=answer["status"])
    return answer["text"], answer["extractor"]
