"""Acme's box does what its manual says."""

import json
from urllib.request import urlopen


def test_a_limit_is_kept(emulator):
    box = emulator.start("acme")
    emulator.plug_in("acme_roadster")
    assert urlopen(f"{box.http_url}/set?limit=10").read() == b"OK"
    emulator.advance("1 min")
    emulator.fault(on="acme.http", kind="coarse", step=1000, match={"key": "power"})
    assert json.load(urlopen(f"{box.http_url}/status")) == {"state": "charging", "power": 2000, "limit": 10.0}
    emulator.rule(include="acme/recommended")
