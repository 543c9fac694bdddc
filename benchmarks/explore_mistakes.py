"""Which of ten mistakes in a client `explore` notices: `python benchmarks/explore_mistakes.py [WALKS]`.

The careful client has to come through the same walks without a failure.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from emulator.explore.exploration import Options, explore

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from explore.manager import MISTAKES, SCENARIO, WORDS, Manager, client


def main(walks: int) -> None:
    noticed = 0
    print("| mistake | noticed by | when | steps | after |")
    print("| --- | --- | --- | --- | --- |")
    kinds: list[type[Manager]] = [Manager, *MISTAKES]
    for kind in kinds:
        noticed += bool(explored(kind, walks))
    print(f"\n{noticed} noticed of {len(MISTAKES)}")


def explored(kind: type[Manager], walks: int) -> int:
    """How many failures there are, with a line about the first."""
    with tempfile.TemporaryDirectory() as directory:
        base, words = Path(directory) / "base.yaml", Path(directory) / "words.yaml"
        base.write_text(SCENARIO, "utf-8")
        words.write_text(WORDS, "utf-8")
        began = time.perf_counter()
        options = Options(client=client(kind), walks=walks, rule_sets=False, vocabulary=words)
        search = explore(base, options)
    about = (kind.__doc__ or "").strip().rstrip(".")
    took = f"{search.trials} trials, {time.perf_counter() - began:.0f} s"
    if not search.failures:
        print(f"| {about} | nothing | | | {took} |", flush=True)
        return 0
    failure = search.failures[0]
    cause = ", ".join(failure.cause) or "nothing happens"
    print(f"| {about} | {failure.finding.rule} | {cause} | {len(failure.trial.walk)} | {took} |", flush=True)
    return len(search.failures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
