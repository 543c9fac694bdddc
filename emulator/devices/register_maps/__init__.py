"""Register meanings that several vendors share. The one rule: only what is the same on all of them, to the bit."""
