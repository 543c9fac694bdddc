"""The event log: what the firmware says, when, and how much of it is kept."""

from __future__ import annotations

import gzip
import re

import pytest
from support_warp import WarpWorld

from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp
from emulator.devices.interfaces import MqttInterface, Origin
from emulator.vendors.warp.system.eventlog import SIZE

LINE = re.compile(r"( *\d+,\d{3}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \| (.{16}) \| (.*)")


def said(world: WarpWorld) -> list[tuple[str, str]]:
    """Module and text of each line."""
    found = [LINE.fullmatch(line) for line in world.log.splitlines()]
    return [(match[2].strip(), match[3]) for match in found if match is not None]


def test_the_start_of_a_wallbox() -> None:
    world = WarpWorld(settings={"internet": False})
    lines = world.log.splitlines()
    assert lines[0] == (
        "                  0,026 |                  |     **** TINKERFORGE WARP3 CHARGER V2.12.1+6A4F91F0 ****"
    )
    assert all(LINE.fullmatch(line) for line in lines)
    assert said(world)[2:10] == [
        ("", "READY."),
        ("", "Last reset reason was: Reset due to power-on."),
        ("main", "Firmware partitions: app0 (valid, running, boot), app1 (undefined)"),
        ("rtc", "Set system time from RTC at 0,214"),
        ("ntp", "Set timezone to Europe/Berlin"),
        ("charge_tracker", "No charge record files found in directory: main"),
        ("ethernet", "Started after 38ms"),
        ("main", "Initialization done"),
    ]


def test_after_a_restart_the_log_says_more_than_a_kilobyte() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.unplug()
    world.wait(5)
    world.box.reboot()
    world.wait(30)
    assert len(world.log) > 1024
    assert ("", "Last reset reason was: Software reset via esp_restart.") in said(world)
    assert ("charge_tracker", "Directory main: Found 1 record: first is 1, last is 1") in said(world)
    assert ("charge_tracker", "Directory main: Last charge record size is 16 bytes (1, 0)") in said(world)
    assert ("ethernet", "Connected: 100 Mbps, Full Duplex") in said(world)
    assert ("ethernet", f"Got IP address: {world.warp.platform.address}/24, GW 127.0.0.1") in said(world)
    assert ("ntp", "NTP synchronized at 5,000") in said(world)


def test_a_power_cut_is_another_reason() -> None:
    world = WarpWorld("warp2-smart-11", settings={"internet": False})
    world.box.reboot()
    world.wait(30)
    assert "esp_restart" in world.log
    world.apply(PowerCut())
    world.apply(PowerUp())
    world.wait(30)
    assert "Reset due to power-on." in world.log
    assert not any(module == "rtc" for module, _ in said(world))


def test_charger_states_and_charges() -> None:
    world = WarpWorld()
    world.wait(5)
    before = len(said(world))
    world.plug_in()
    world.wait(10)
    world.done("evse/stop_charging")
    world.wait(10)
    world.unplug()
    world.wait(5)
    news = [text for module, text in said(world)[before:] if module in ("users", "charge_tracker")]
    assert news == [
        "Charger state changed from 0 to 2",
        "Tracked start of charge for local charger.",
        "Charger state changed from 2 to 3",
        "Charger state changed from 3 to 1",
        "Charger state changed from 1 to 0",
        "Tracked end of charge for local charger.",
    ]


@pytest.mark.parametrize(
    ("model", "fault", "texts"),
    [
        ("warp3-pro-11", faults.PeLoss(), ("Contactor error: PE error", "Error state 4", "Contactor/PE error cleared")),
        (
            "warp3-pro-11",
            faults.ContactorFailsToClose(),
            (
                "Contactor error (3): Set C1 to 'closed' and C2 to 'closed' [1-phase charging]"
                " but see AuxC1 as 'open' and AuxC2 as 'open'",
                "Error state 4",
                "Error state cleared",
            ),
        ),
        ("warp2-pro-11", faults.ContactorFailsToClose(), ("Contactor error 2", "Error state 4", "Error state cleared")),
        (
            "warp3-pro-11",
            faults.RcdSensorDefect(),
            ("DC Fault current state 2 (pins 0; sensor type 1)", "Error state 3", "DC Fault current state cleared"),
        ),
    ],
)
def test_errors_of_the_controller(model: str, fault: faults.Disturbance, texts: tuple[str, str, str]) -> None:
    world = WarpWorld(model)
    world.plug_in()
    world.wait(20)
    world.begin("it", fault)
    world.wait(5)
    assert ("evse_v2", texts[0]) in said(world)
    assert ("evse_v2", texts[1]) in said(world)
    assert ("evse_v2", texts[2]) not in said(world)
    world.end("it")
    world.done("evse/reset_dc_fault_current_state", {"password": 0xDC42FA23})
    world.unplug()
    world.wait(120)
    assert ("evse_v2", texts[2]) in said(world)


def test_the_broker() -> None:
    config = {"enable_mqtt": True, "broker_host": "broker.local", "protocol": 0}
    world = WarpWorld(settings={"mqtt/config": config})
    interface = world.box.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    list(interface.connected(Origin(interface="mqtt")))
    assert ("mqtt", "Connected to broker at mqtt://broker.local:1883.") in said(world)
    world.wait(90)
    interface.lost("gone")
    assert said(world)[-2:] == [("mqtt", "Disconnected from broker."), ("mqtt", "Was connected for 90 seconds.")]
    interface.lost("refused")
    assert said(world)[-1] == ("mqtt", "Failed to connect to broker.")


def test_the_oldest_lines_go_whole() -> None:
    world = WarpWorld()
    for number in range(300):
        world.warp.platform.log("test", f"line {number} äöü")
    log = world.ask("GET", "/event_log").body
    assert SIZE - 100 < len(log) <= SIZE
    assert LINE.fullmatch(log.decode().splitlines()[0])
    assert log.decode().endswith("line 299 äöü\n")


def test_the_trace_log_has_a_block_per_module() -> None:
    world = WarpWorld()
    plain = world.ask("GET", "/trace_log")
    assert (plain.status, plain.chunked) == (200, True)
    assert plain.body.startswith(b"__begin_charge_manager__\n__end_charge_manager__\n")
    assert b"iso15118" not in plain.body
    assert b"__begin_iso15118_ll__" in WarpWorld("warp4-pro-11").ask("GET", "/trace_log").body
    for level in ("1", "4095", "10001", "14095", "100001", "fast"):
        packed = world.ask("GET", f"/trace_log/{level}")
        assert packed.status == 200, level
        assert ("Content-Encoding", "gzip") in packed.headers
        assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize("level", ["4096", "-1", "9999", "10000", "14096"])
def test_an_unknown_compression_of_the_trace_log(level: str) -> None:
    reply = WarpWorld().ask("GET", f"/trace_log/{level}")
    assert (reply.status, reply.body) == (400, b"Compression level out of range [0,4095] and [10000,14095]")


def test_a_warp1_has_no_memory_for_traces() -> None:
    world = WarpWorld("warp1-pro-11")
    assert world.ask("GET", "/trace_log").body == world.ask("GET", "/trace_log/1").body == b""
