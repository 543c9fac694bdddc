"""Which bugs of the museum `explore` finds by itself: `python benchmarks/explore_museum.py [SECONDS] [ROW...]`.

Each row gets the client that falls into the trap, a site on which nothing goes wrong, and rules.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from emulator.explore.exploration import Options, explore
from emulator.explore.search import Failure, Search

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from explore.rows import ROWS, Row


def main(budget: float, wanted: list[str]) -> None:
    print("| row | found after | walks | steps | by | failures | walks/s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    found = 0
    for row in ROWS:
        if not wanted or row.row in wanted:
            found += explored(row, budget)
    print(f"\n{found} rediscovered")


def explored(row: Row, budget: float) -> bool:
    """Explore with the client of a row, and print its line."""
    began = time.perf_counter()
    first: list[tuple[float, int, Failure]] = []

    def told(search: Search, failure: Failure) -> None:
        if not first and row.rediscovered(search):
            first.append((time.perf_counter() - began, search.trials, failure))
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{row.row}.yaml"
        path.write_text(row.scenario)
        search = explore(path, Options(client=row.client(), budget=budget, rule_sets=False), found=told)
    rate = search.trials / search.elapsed
    if not first:
        causes = "; ".join(",".join(failure.cause) for failure in search.failures)
        print(f"| {row.row} | - | {search.trials} | - | ({causes}) | {len(search.failures)} | {rate:.0f} |", flush=True)
        return False
    after, walks, failure = first[0]
    steps = len(failure.trial.walk)
    by = ", ".join(failure.cause)
    print(f"| {row.row} | {after:.0f} s | {walks} | {steps} | {by} | {len(search.failures)} | {rate:.0f} |", flush=True)
    return True


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0, sys.argv[2:])
