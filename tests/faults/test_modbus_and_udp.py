"""Faults of Modbus and of datagrams."""

from __future__ import annotations

import pytest

from .support import Bench


def test_an_exception_for_some_registers() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "modbus_exception", code=1, match={"register": "200..215"})
    assert bench.registers(210, 2) == -1
    assert bench.registers(194) == [320]
    assert bench.modbus(bytes([6, 0, 194, 0, 100])).data[7] == 6


def test_an_exception_for_writes_only() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "modbus_exception", code=6, match={"write": True})
    assert bench.registers(194) == [320]
    assert bench.modbus(bytes([6, 0, 194, 0, 100])).data[7:9] == bytes([0x86, 6])
    assert bench.registers(194) == [320], "it was not done"


def test_an_exception_after_the_write_was_done() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "modbus_exception", code=4, handled=True, count=1)
    assert bench.modbus(bytes([6, 0, 194, 0, 100])).data[7:9] == bytes([0x86, 4])
    assert bench.registers(194) == [100]


def test_another_transaction_identifier() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "wrong_transaction_id", off_by=2)
    answer = bench.modbus(bytes([3, 0, 194, 0, 1]), transaction=0xFFFF)
    assert answer.data[:2] == b"\x00\x01"
    assert answer.data[9:] == bytes([1, 64])


def test_no_reply_though_it_was_done() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "no_reply", count=1)
    assert bench.modbus(bytes([6, 0, 194, 0, 100])).data == b""
    assert bench.registers(194) == [100]


def test_a_request_that_gets_lost() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "black_hole", count=1)
    assert bench.modbus(bytes([6, 0, 194, 0, 100])).data == b""
    assert bench.registers(194) == [320]


@pytest.mark.parametrize(
    ("kind", "arguments", "delay", "then", "lost"),
    [
        ("delay", {"delay": "3 s"}, 3.0, "keep", 0),
        ("close", {"length": 4}, 0.0, "close", 7),
        ("reset", {}, 0.0, "reset", 11),
        ("truncate", {"missing": 1}, 0.0, "close", 1),
    ],
)
def test_the_line(kind: str, arguments: dict[str, object], delay: float, then: str, lost: int) -> None:
    bench = Bench()
    whole = bench.modbus(bytes([3, 0, 194, 0, 1])).data
    bench.fault("nrgkick.modbus", kind, **arguments)
    answer = bench.modbus(bytes([3, 0, 194, 0, 1]))
    assert (answer.delay, answer.then, answer.data) == (delay, then, whole[: len(whole) - lost])


def test_garbled_data_in_a_good_frame() -> None:
    bench = Bench()
    whole = bench.modbus(bytes([3, 0, 210, 0, 2])).data
    bench.fault("nrgkick.modbus", "corrupt", bytes=2)
    data = bench.modbus(bytes([3, 0, 210, 0, 2])).data
    assert data != whole
    assert (data[:8], len(data)) == (whole[:8], len(whole))


# --- UDP -------------------------------------------------------------------------------------------------------------


def answer(bench: Bench) -> list[str]:
    return [text.split(":")[0].strip() for text, _ in bench.udp("i")]


def test_datagrams_get_lost() -> None:
    bench = Bench()
    assert len(bench.udp("i")) == 1
    bench.fault("keba.udp", "loss", every=2)
    assert [len(bench.udp("i")) for _ in range(4)] == [1, 0, 1, 0]


def test_requests_get_lost() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage")
    bench.fault("keba", "loss", what="requests")
    assert bench.udp("currtime 10000 1") == []
    assert [e for e in bench.site.simulation.journal if e.kind == "write"] == []


def test_datagrams_come_twice() -> None:
    bench = Bench()
    bench.fault("keba.udp", "duplicate", copies=3)
    assert len(set(bench.udp("i"))) == 1
    assert len(bench.udp("i")) == 3


def test_datagrams_come_late_and_in_another_order() -> None:
    bench = Bench()
    bench.fault("keba.udp", "delay", delay="300 ms")
    assert [delay for _, delay in bench.udp("i")] == [pytest.approx(0.3, abs=0.3)]
    bench.do("clear_fault", name="delay")
    bench.fault("keba.udp", "reorder", match={"key": "i"})
    first, second = bench.udp("i"), bench.udp("i")
    assert (len(first), len(second)) == (0, 2)


def test_something_else_comes_in_between() -> None:
    bench = Bench()
    bench.fault("keba.udp", "stray_datagram", data='{"E pres": 1}', apart="50 ms")
    texts = bench.udp("i")
    assert texts[0][0] == '{"E pres": 1}'
    assert texts[1][1] == pytest.approx(texts[0][1] + 0.05, abs=0.5)
    assert "Firmware" in texts[1][0]


def test_a_value_in_a_report() -> None:
    bench = Bench()
    bench.fault("keba.udp", "override", match={"key": "State"}, value=4)
    assert '"State": 4' in bench.udp("report 2")[0][0].replace('"State":4', '"State": 4')
