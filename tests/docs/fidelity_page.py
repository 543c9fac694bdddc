"""The generated part of the page about fidelity: `python -m docs.fidelity_page` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from emulator.vendors.fidelity import overview

PAGE: Final = Path(__file__).parents[2] / "docs" / "fidelity.md"
BEGIN: Final = "<!-- generated: python -m docs.fidelity_page, in tests -->\n"
END: Final = "<!-- end of what is generated -->\n"


def page() -> str:
    """The page as it should be."""
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{overview()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
