"""`charger-emulator`, and `python -m emulator`: the command line.

The one rule: nothing else is done here than to import it quickly.
"""

from __future__ import annotations

import gc
from typing import Final

IMPORTED: Final = 100_000
"""Objects after which garbage is looked for: importing makes many, and nearly all of them stay."""
gc.set_threshold(IMPORTED, 20, 20)

from .cli import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    main()
