"""What a server remembers about messages that no fault is about: never more than is true."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Final

import pytest

from emulator.errors import ScenarioError
from emulator.faults.active import RefusedError

from .support import Bench

CLIENTS: Final = ("1.2.3.4:5", "1.2.3.4:6", "9.9.9.9:7")
TARGETS: Final = (
    "/api/status?filter=amp", "/api/status?filter=car,nrg", "/api/status", "/api/set?amp=10", "/api/set?amp=12", "/mqtt"
)  # fmt: skip
BLOCKS: Final = ((194, 4), (35, 1), (210, 2), (194, 16), (0, 27))
MATCHES: Final[tuple[dict[str, object], ...]] = (
    {},
    {"write": True},
    {"write": False},
    {"client": "9.9.9.9:*"},
    {"client": "1.2.3.4:6"},
)
HTTP_ONLY: Final = ({"path": "/api/status"}, {"path": "/mqtt"}, {"key": "amp"}, {"method": "POST"})
MODBUS_ONLY: Final = ({"register": 194}, {"register": "200..220"}, {"function": 3}, {"function": 16})
TRIGGERS: Final[tuple[dict[str, object], ...]] = (
    {}, {}, {"on_request": 2}, {"every": 2}, {"probability": 0.4}, {"when": {"garage.plugged": True}},
    {"after": {"event": "plugged"}},
)  # fmt: skip
ENDS: Final[tuple[dict[str, object], ...]] = (
    {},
    {},
    {"for": "40 s"},
    {"count": 2},
    {"until": {"garage.plugged": True}},
)


def fault(random: Random) -> dict[str, object]:
    """One on the requests of the go-e or of the NRGkick, or of everybody."""
    on, kind, matches = random.choice(
        (
            ("garage.goe.http", {"kind": "delay", "delay": "2 s"}, (*MATCHES, *HTTP_ONLY)),
            ("garage.goe.http", {"kind": "status", "status": 503}, (*MATCHES, *HTTP_ONLY)),
            ("garage.nrgkick.modbus", {"kind": "modbus_exception", "code": 4}, (*MATCHES, *MODBUS_ONLY)),
            ("garage.nrgkick.modbus", {"kind": "no_reply"}, (*MATCHES, *MODBUS_ONLY)),
            ("garage.goe", {"kind": "stale_view"}, ({},)),
        )
    )
    match = random.choice(matches)
    return {
        "name": f"f{random.randrange(4)}",
        "on": on,
        **kind,
        **({"match": match} if match else {}),
        **random.choice(TRIGGERS),
        **random.choice(ENDS),
    }


def live(bench: Bench, random: Random) -> list[object]:
    """Faults come and go while three clients ask the same again and again; what they heard."""
    heard: list[object] = []
    for _ in range(60):
        with suppress(ScenarioError, RefusedError):
            bench.do("fault", **fault(random))
        if random.random() < 0.3:
            with suppress(ScenarioError, RefusedError):
                bench.do("clear_fault", name=f"f{random.randrange(4)}")
        if random.random() < 0.2:
            with suppress(ScenarioError, RefusedError):
                bench.do(random.choice(("plug_in", "unplug")), charger="garage")
        for _ in range(6):
            client = random.choice(CLIENTS)
            if random.random() < 0.5:
                reply = bench.http(random.choice(TARGETS), client=client)
                heard.append((reply.status, reply.body, reply.silent))
            else:
                start, count = random.choice(BLOCKS)
                pdu = b"\3" + start.to_bytes(2, "big") + count.to_bytes(2, "big")
                heard.append(bench.modbus(pdu, client=client))
        bench.wait(random.choice((0, 0.3, 20)))
    return heard


@pytest.mark.parametrize("seed", range(6))
def test_a_server_that_remembers_does_what_one_without_a_memory_does(seed: int) -> None:
    remembering, forgetful = Bench(), Bench(forgetful=True)
    assert live(remembering, Random(seed)) == live(forgetful, Random(seed))
    told = [[entry.as_line() for entry in bench.site.simulation.journal] for bench in (remembering, forgetful)]
    assert told[0] == told[1]
    hits = [entry for entry in remembering.entries() if entry.kind == "fault" and entry.detail["what"] == "hit"]
    assert len(hits) > 10


def test_what_was_let_pass_is_hit_once_a_fault_is_about_it() -> None:
    bench = Bench()
    bench.fault("garage.nrgkick.modbus", "no_reply", name="elsewhere", match={"register": 35})
    for _ in range(3):
        assert bench.registers(194) == [320]
    bench.fault("garage.nrgkick.modbus", "no_reply", name="here", match={"register": 194}, count=1)
    assert [bench.registers(194) for _ in range(3)] == [None, [320], [320]]
    bench.fault("garage.nrgkick.modbus", "no_reply", name="somebody", match={"client": "9.9.9.9:*"})
    assert bench.registers(194) == [320]
    assert bench.registers(194, client="9.9.9.9:1") is None
    assert bench.registers(194) == [320]


def test_what_names_no_value_of_the_wallbox_may_name_one_later() -> None:
    """Whether a request writes depends on the values that the firmware in force has."""
    bench = Bench()
    box = bench.site.wallboxes["garage.goe"]
    bench.fault("garage.goe.http", "status", status=503, match={"write": True})
    for firmware, status in (("56.8", 200), ("60.5", 503), ("56.8", 200)):
        box.set_firmware(firmware)
        bench.wait(100)
        assert ("alwt" in box.addresses()) is (status == 503)
        assert [bench.http("/api/status?alwt=3").status for _ in range(2)] == [status] * 2
