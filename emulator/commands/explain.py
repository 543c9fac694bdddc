"""`charger-emulator explain`: what explains a symptom."""

from __future__ import annotations

import json

import click


@click.command(name="explain")
@click.argument("symptom", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 100), default=8, show_default=True, help="How many answers.")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
def command(symptom: tuple[str, ...], most: int, as_json: bool) -> int:
    """Find scenarios, faults and rules that explain SYMPTOM: words, or a line of a client's log.

    Exit code 1 if nothing does.
    """
    from ..explaining.library import library
    from ..explaining.ranking import rank

    found = rank(" ".join(symptom), library(), most)
    if as_json:
        answers = [
            {
                "kind": one.found.kind,
                "name": one.found.name,
                "title": one.found.title,
                "about": one.found.about,
                "score": one.score,
                "matched": list(one.matched),
                "command": one.found.command,
            }
            for one in found
        ]
        click.echo(json.dumps({"symptom": " ".join(symptom), "answers": answers}, indent=2, ensure_ascii=False))
        return 0 if found else 1
    if not found:
        click.echo("nothing explains it; other words may: what the box shows, what the client did, what was expected")
        return 1
    for one in found:
        click.echo(f"{one.found.kind} {click.style(one.found.name, bold=True)}")
        click.echo(click.wrap_text(one.found.about, 100, "    ", "    "))
        click.echo(f"    {one.found.command}")
    return 0
