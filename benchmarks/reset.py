"""How long a reset takes, and how long a first answer: `python benchmarks/reset.py`.

The goal is 50 ms for the reset of one charger with one wallbox.
"""

from __future__ import annotations

import time

from emulator.testing import Bench


def main() -> None:
    with Bench() as bench:
        began = time.perf_counter()
        bench.start("goe")
        print(f"first wallbox, imports included  {1000 * (time.perf_counter() - began):7.1f} ms")
        began = time.perf_counter()
        bench.start("goe", charger="second")
        print(f"second wallbox                   {1000 * (time.perf_counter() - began):7.1f} ms")
        bench.advance("1 h")
        durations = []
        for _ in range(20):
            began = time.perf_counter()
            bench.reset()
            durations.append(time.perf_counter() - began)
        print(f"reset, median of 20              {1000 * sorted(durations)[10]:7.1f} ms")


if __name__ == "__main__":
    main()
