"""The readers of files and messages, guided by coverage: `python -m tests.fuzz.guided capture -max_total_time=60`.

Needs atheris (`pip install atheris`; CPython 3.11 to 3.13); further arguments are libFuzzer's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["emulator"]):
        from .readers import READERS

    name = sys.argv[1]
    reads, corpus = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(corpus()):
            Path(folder, str(number)).write_bytes(text)
        atheris.Setup([sys.argv[0], *sys.argv[2:], folder], reads)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
