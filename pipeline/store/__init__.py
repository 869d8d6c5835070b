"""The tables on disk: written once, named by one transaction, replaced in one step.

`lock` one writer; `files` the steps that touch the disk; `manifest` which source is in which part; `parts` what was
read; `snapshots` what was published and is kept; `publish` what readers open.
"""

from pipeline.store.lock import locked

__all__ = ["locked"]
