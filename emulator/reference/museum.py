"""The museum: every real bug that is staged, with the reports it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from ..scenario.loader import load
from ..scenario.shipped import folder


def page() -> Iterator[str]:
    """One section a scenario."""
    yield "# The museum of real bugs\n"
    yield "Each scenario stages what a client of these boxes stumbled over in the field. Run your client against one:"
    yield "`charger-emulator run scenarios/museum/FILE`.\n"
    root = folder()
    for file in sorted(root.glob("museum/*.yaml") if root is not None else ()):
        text = file.read_text("utf-8")
        scenario = load(file)
        yield f"## {file.stem.replace('_', ' ')}\n"
        yield f"{scenario.about}\n"
        story = [line.removeprefix("#").strip() for line in text.splitlines()[:6] if line.startswith("#")]
        if story:
            yield " ".join(story) + "\n"
        if scenario.reported:
            yield "Reported: " + ", ".join(f"[{_short(link)}]({link})" for link in scenario.reported) + "\n"
        body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        yield f'??? example "{file.name}"\n'
        yield "    ```yaml"
        yield from (f"    {line}" for line in body.splitlines())
        yield "    ```\n"


def _short(link: str) -> str:
    """`evcc-io/evcc#13590`"""
    parts = link.removeprefix("https://github.com/").split("/")
    return f"{parts[0]}/{parts[1]}#{parts[3]}" if len(parts) == 4 and parts[2] == "issues" else parts[-1]
