"""What the emulator costs, beside what the bare libraries cost: `python -m benchmarks`."""
