"""`python -m tests.determinism --write`: the hashes anew."""

from __future__ import annotations

import json
import sys

from . import FILE, TWELVE, headless

found = {name: headless(name) for name in TWELVE}
text = json.dumps(found, indent=2) + "\n"
if sys.argv[1:] == ["--write"]:
    FILE.write_text(text)
elif sys.argv[1:] == ["--print"]:
    print(text, end="")
else:
    sys.exit("python -m tests.determinism --write | --print")
