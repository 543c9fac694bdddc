"""KEBA's UDP service: form of answers, reports, commands, side effects, pushes, silence."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from kecontact import CARD, CLASS, CLIENT, OK, SITUATIONS, KeContact

from emulator.core.faults import ControllerLinkLost
from emulator.core.messages import PowerCut, PowerUp
from emulator.devices.interfaces import HttpInterface, OcppInterface, Origin
from emulator.errors import EmulatorError
from emulator.vendors import vendor
from emulator.vendors.keba.models import TRAITS
from emulator.vendors.keba.settings import SAVED_TIMEOUT

REPORT_1 = (
    '{\n"ID": "1",\n"Product": "KC-P30-EC240422-E0R",\n"Serial": "17619300",\n'
    '"Firmware":"P30 v 3.10.57 (230912-101325)",\n"COM-module": 0,\n"Backend": 0,\n"timeQ": 0,\n"setBoot": 0,\n'
    '"DIP-Sw1": "0x65",\n"DIP-Sw2": "0x00",\n"Sec": 5\n}\n'
)
P20_REPORT_1 = (
    '{\n"ID": "1",\n"Product": "KC-P20-EC240130-000            ",\n"Serial": "15017355",\n'
    '"Firmware":"KEBA P20 v 2.5a3 (160613-061001)",\n"Sec": 5\n}\n'
)


def test_form_of_answers() -> None:
    world = KeContact()
    world.wait(5)
    assert world.say("i") == '"Firmware":"P30 v 3.10.57 (230912-101325)"\n'
    assert world.say("report 1") == REPORT_1
    assert world.say("ena 1") == "TCH-OK :done\n"
    assert world.say("ena 1\r\n") == OK
    old = KeContact("keba-p20")
    old.wait(5)
    assert old.say("report 1") == P20_REPORT_1
    assert old.say("i") == '"Firmware":"KEBA P20 v 2.5a3 (160613-061001)"\n'


def test_keys_by_firmware() -> None:
    full = list(KeContact().report(2))
    assert full[:4] == ["ID", "State", "Error1", "Error2"]
    assert full[-4:] == ["X2 phaseSwitch source", "X2 phaseSwitch", "Serial", "Sec"]
    assert not any(key.startswith("X2") for key in KeContact(None, "3.10.28").report(2))
    missing = {"AuthON", "Authreq", "Curr timer", "Tmo CT", "Setenergy", "X2 phaseSwitch source", "X2 phaseSwitch"}
    assert set(full) - set(KeContact("keba-p20").report(2)) == missing
    assert set(full) - set(KeContact("keba-p20", "3.0").report(2)) == {"X2 phaseSwitch source", "X2 phaseSwitch"}
    assert "DIP-Sw1" not in KeContact(None, "3.9.14").report(1)
    assert KeContact(None, "3.9.17", dip_current=20, dsw1_2=False).report(1)["DIP-Sw"] == "0x2600", "as captured"
    assert not {"DIP-Sw1", "DIP-Sw2", "setBoot"} & set(KeContact(None, "3.9.17").report(1))
    assert "DIP-Sw" not in KeContact(None, "3.10.16").report(1)
    for firmware in ("3.10.27", "3.10.28"):
        report = KeContact(None, firmware).report(1)
        assert "DIP-Sw1" in report
        assert "setBoot" not in report
    names = "ID,U1,U2,U3,I1,I2,I3,P,PF,E pres,E total,Serial,Sec"
    assert list(KeContact().report(3)) == names.split(",")


@pytest.mark.parametrize("model", [m.id for m in vendor("keba").models if TRAITS[m.id].generation != "P40"])
@pytest.mark.parametrize("name", ["idle", "charging", "ended"])
def test_types_of_values(model: str, name: str) -> None:
    if model.startswith("keba-p20"):
        world = KeContact(model)
        world.charge()
    else:
        world = SITUATIONS[name](model, None)
    texts = {"ID", "Serial", "Product", "Firmware", "started", "ended", "RFID tag", "RFID class", "DIP-Sw1", "DIP-Sw2"}
    for number in (1, 2, 3, *((100, 101, 130) if world.unit.build.traits.logger else ())):
        report = world.report(number)
        assert report["ID"] == str(number)
        for key, value in report.items():
            assert isinstance(value, str if key in texts else int), key


def test_a_box_without_a_meter_shows_zeros() -> None:
    world = KeContact("keba-p30-de")
    world.charge()
    world.wait(600)
    report = world.report(3)
    assert [report[k] for k in ("U1", "I1", "P", "PF", "E pres", "E total")] == [0] * 6
    assert (world.report(100)["E pres"], world.report(2)["State"]) == (0, 3)
    world.ok("setenergy 10")
    assert world.report(2)["Setenergy"] == 0


@pytest.mark.parametrize(("current", "duty"), [(6000, 100), (10_000, 166), (13_000, 216), (16_000, 266), (32_000, 533)])
def test_duty_is_cut_off(current: int, duty: int) -> None:
    world = KeContact()
    world.ok(f"curr {current}")
    world.charge()
    assert world.keys("Max curr", "Max curr %") == (current, duty)


# --- who is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "client", "to"),
    [
        (None, "127.0.0.2:41000", ("127.0.0.2", 7090)),
        (None, "127.0.0.1:41000", ("127.0.0.1", 41_000)),
        (False, "127.0.0.1:41000", ("127.0.0.1", 7090)),
        (True, "127.0.0.2:41000", ("127.0.0.2", 41_000)),
        (None, "10.0.0.9:7090", ("10.0.0.9", 7090)),
    ],
)
def test_where_answers_go(setting: bool | None, client: str, to: tuple[str, int]) -> None:
    world = KeContact(reply_to_source_port=setting)
    (datagram,) = world.datagrams("report 1", client)
    assert (datagram.host, datagram.port) == to


@pytest.mark.parametrize(("asked_at", "port"), [("192.168.1.5", 41_000), ("0.0.0.0", 7090), ("192.168.1.6", 7090)])
def test_who_shares_the_boxs_address_cannot_have_its_port(asked_at: str, port: int) -> None:
    interface = KeContact().unit.udp.interface()
    (datagram,) = interface.handle(b"i", Origin(interface="udp", client="192.168.1.5:41000", host=asked_at))
    assert (datagram.host, datagram.port) == ("192.168.1.5", port)


@pytest.mark.parametrize("data", [b"TCH-OK :done\n", b'{"State": 3}', b'"Firmware":"x"\n'])
def test_boxes_do_not_talk_to_each_other(data: bytes) -> None:
    assert KeContact().datagrams(data) == []


def test_the_switch_is_off() -> None:
    world = KeContact(dsw1_3=False)
    assert world.say("report 1") is not None
    for command in ("report 2", "i", "ena 0", "foo"):
        assert world.say(command) is None
    world.plug_in()
    world.wait(5)
    assert world.pushes() == []
    assert world.box.read("report2.Enable user") == 1


def test_modbus_first() -> None:
    world = KeContact(udp_yields=True)
    world.register(1000)
    assert world.say("report 2") is None
    world.wait(60)
    assert world.say("report 2") is not None


def test_hasty_commands_are_lost() -> None:
    world = KeContact(minimum_intervals=True)
    world.ok("ena 0")
    assert world.say("report 2") is None
    world.wait(1)
    assert world.say("report 2") is None
    world.wait(1)
    assert world.say("report 2") is not None
    world.wait(0.05)
    assert world.say("report 3") is None
    world.wait(0.05)
    assert world.say("report 3") is not None
    world.wait(1)
    assert world.say("report 3") is None
    world.wait(5)
    assert world.say("report 3") is not None


# --- what is rejected ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "",
        "foo",
        "ENA 1",
        "ena",
        "ena x",
        "ena 0 1",
        "ena ١",
        "curr 10000.5",
        "curr 9999999999999",
        "currtime 6000",
        "setenergy",
        "failsafe 30",
        "start xyz",
        "start 00112233445566778",
        "start e3f76b8d zz",
        "start a b c",
        "stop a b",
        "stop q",
        "setdatetime now",
        "display 0 0",
        "display x 0 0 0 a",
        "unlock now",
        "output",
        "x2src",
        "x2 one",
        "report",
        "report 4",
        "report 99",
        "report 131",
        "report -1",
        "report ²",
        "report 1 2",
        "i 1",
    ],
)
def test_what_is_not_understood(command: str) -> None:
    world = KeContact(whitelist=[CARD])
    before = {name: world.box.settings[name] for name in world.box.settings}
    answer = world.say(command.encode())
    assert answer is not None
    assert answer.startswith("TCH-ERR")
    assert {name: world.box.settings[name] for name in world.box.settings} == before
    assert (
        KeContact("keba-p20").say(command.encode()) == OK or command in ("ena", "ENA 1") or command.startswith("report")
    )


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"\x00" * 600, b"ena " + b"9" * 400, "ena \N{SUPERSCRIPT TWO}".encode()]
)
def test_any_bytes(data: bytes) -> None:
    answer = KeContact().say(data)
    assert answer is not None
    assert answer.startswith("TCH-ERR")


@pytest.mark.parametrize(
    "command",
    [
        "ena 7",
        "curr 5999",
        "curr 63001",
        "curr -1",
        "currtime 5000 10",
        "currtime 6000 860401",
        "setenergy 1000000000",
        "output 9999",
        "failsafe 9 6000 0",
        "failsafe 601 6000 0",
        "failsafe 30 5000 0",
        "failsafe 30 6000 2",
        "display 2 0 0 0 a",
        "display 1 0 0 1 a",
        "setdatetime 99999999999",
        "x2src 5",
        "x2 2",
        "x2 0",
        "start",
        "stop",
        "start e3f76b8d00000000",
    ],
)
def test_what_is_confirmed_and_ignored(command: str) -> None:
    world = KeContact()
    before = {name: world.box.settings[name] for name in world.box.settings}
    world.ok(command)
    assert {name: world.box.settings[name] for name in world.box.settings} == before
    assert [ok for _, _, ok in world.writes()] == [False]


def test_numbers_as_home_assistant_sends_them() -> None:
    world = KeContact()
    world.ok("currtime 10000.0 1", "setenergy 20000.0", "failsafe 30 8000.0 False")
    world.wait(1)
    assert world.keys("Curr user", "Setenergy", "Curr FS", "Tmo FS") == (10_000, 20_000, 8_000, 30)
    assert not world.box.settings[SAVED_TIMEOUT]
    world.ok("failsafe 30 8000.0 True")
    assert world.box.settings[SAVED_TIMEOUT] == 30


# --- commands --------------------------------------------------------------------------------------------------------


def test_ena() -> None:
    world = KeContact()
    world.charge()
    world.ok("ena 0")
    assert world.keys("Enable sys", "Enable user", "Max curr", "Max curr %", "Curr user") == (0, 0, 0, 1000, 63_000)
    world.wait(3)
    assert world.keys("State", "Plug", "I1", "U1") == (5, 7, 0, 0)
    world.unplug()
    world.wait(1)
    world.charge()
    assert world.report(2)["State"] == 5, "ena stays over unplugging"
    world.ok("ena 1")
    world.wait(40)
    assert world.report(2)["State"] == 3


def test_curr_stays_and_currtime_goes_with_the_car() -> None:
    world = KeContact()
    world.ok("curr 10000")
    world.charge()
    world.unplug()
    world.wait(1)
    assert world.report(2)["Curr user"] == 10_000
    world.ok("currtime 16000 5")
    assert world.keys("Curr user", "Curr timer", "Tmo CT") == (10_000, 16_000, 5)
    world.wait(2.5)
    assert world.report(2)["Tmo CT"] == 3
    world.wait(2.5)
    assert world.keys("Curr user", "Curr timer", "Tmo CT") == (16_000, 0, 0)
    world.plug_in()
    world.wait(1)
    world.unplug()
    world.wait(1)
    assert world.report(2)["Curr user"] == 63_000


def test_currtime() -> None:
    world = KeContact()
    world.charge()
    world.ok("currtime 0 1")
    world.wait(10)
    assert world.keys("State", "Enable sys", "Enable user", "Curr user") == (5, 0, 1, 0)
    world.ok("currtime 8000 100", "currtime 9000 200")
    assert world.keys("Curr timer", "Tmo CT") == (9_000, 200)
    world.ok("currtime 0 0")
    assert world.keys("Curr timer", "Tmo CT", "Curr user") == (0, 0, 0)
    world.ok("currtime 9000 0")
    assert world.report(2)["Curr user"] == 9_000
    world.ok("ena 0", "currtime 7000 1")
    world.wait(40)
    assert world.keys("Enable user", "State", "Max curr") == (1, 3, 7_000)
    world.ok("currtime 8000 100")
    world.unplug()
    world.wait(1)
    assert world.keys("Curr timer", "Tmo CT") == (0, 0)


def test_setenergy() -> None:
    world = KeContact()
    world.charge()
    world.ok("setenergy 20000")
    world.wait(1200)
    state, user, limit, energy = world.keys("State", "Enable user", "Setenergy", "E pres")
    assert (state, user, limit) == (5, 0, 20_000)
    assert 20_000 <= int(str(energy)) < 20_120
    world.unplug()
    world.wait(1)
    assert world.keys("Enable user", "Setenergy") == (1, 0)
    world.ok("setenergy 100")
    assert world.report(2)["Enable user"] == 0, "below the last session's energy it stops at once"


@pytest.mark.parametrize("later", [False, True])
def test_a_stop_by_energy_leaves_the_users_own_stop(later: bool) -> None:
    """`ena 0` is permanent: unplugging undoes the stop by `setenergy`, not what the user said before or after it."""
    world = KeContact()
    world.charge()
    commands = ("setenergy 100", "ena 0") if later else ("ena 0", "setenergy 100")
    world.wait(30)
    world.ok(*commands)
    world.wait(10)
    world.unplug()
    world.wait(1)
    assert world.keys("Enable user", "Setenergy") == (0, 0)


def test_output_and_its_switch() -> None:
    world = KeContact()
    for words, value in (("1", 1), ("0", 0), ("100", 100), ("open", 1)):
        world.ok(f"output {words}")
        assert world.report(2)["Output"] == value
    for number in range(2, 10):
        assert world.say(f"output {number}") is None
    world = KeContact(dsw1_2=False)
    world.ok("output 1")
    assert world.report(2)["Output"] == 0


def test_curr_and_the_output() -> None:
    new, old = KeContact(), KeContact(None, "3.10.42")
    new.ok("curr 10000")
    old.ok("curr 10000")
    assert (new.report(2)["Output"], old.report(2)["Output"]) == (1, 0)
    new.ok("output 0", "currtime 8000 1")
    new.wait(1)
    assert new.report(2)["Output"] == 0


def test_display() -> None:
    world = KeContact()
    world.ok("display 0 0 0 0 Hello$World~")
    assert world.box.read("display") == "Hello World\N{GREEK CAPITAL LETTER SIGMA}"
    world.wait(10)
    assert world.box.read("display") == ""
    world.ok("display 1 5 600 0 " + "x" * 40)
    world.wait(599)
    assert world.box.read("display") == "x" * 23
    assert "display" not in KeContact("keba-p30-de").box.addresses()
    KeContact("keba-p30-de").ok("display 0 0 0 0 a")


def test_phases() -> None:
    world = KeContact()
    assert world.keys("X2 phaseSwitch source", "X2 phaseSwitch") == (0, 0), "as captured"
    world.ok("x2 0", "x2src 4")
    assert world.report(2)["X2 phaseSwitch"] == 1, "UDP was not the source"
    world.ok("x2 0")
    assert world.keys("X2 phaseSwitch source", "X2 phaseSwitch") == (4, 0)
    assert world.now.phases == 1
    world.ok("x2 1")
    assert world.report(2)["X2 phaseSwitch"] == 0, "within the cool-down"
    world.wait(300)
    world.ok("x2 1")
    assert (world.report(2)["X2 phaseSwitch"], world.now.phases) == (1, 3)
    world.ok("x2src 3")
    assert world.report(2)["X2 phaseSwitch source"] == 4
    assert str(KeContact(None, "3.10.28").say("x2src 4")).startswith("TCH-ERR")


def test_unlock() -> None:
    world = KeContact("keba-p30-c-32-socket")
    world.charge()
    world.ok("unlock")
    world.wait(3)
    assert world.report(2)["Plug"] == 7
    world.ok("ena 0")
    world.wait(10)
    world.ok("unlock")
    world.wait(3)
    assert world.report(2)["Plug"] == 5


def test_p20_is_different() -> None:
    world = KeContact("keba-p20")
    world.charge()
    world.ok("curr 1000")
    assert world.report(2)["Curr user"] == 6_000
    world.ok("ena 3")
    world.wait(5)
    assert world.keys("State", "Plug", "Enable sys", "Enable user", "Max curr", "Curr user") == (5, 7, 0, 0, 0, 6_000)
    for command in ("currtime 8000 1", "start " + CARD, "display 0 0 0 0 a", "x2src 4", "report 100", "nonsense"):
        world.ok(command)
    world.wait(5)
    assert world.report(2)["Curr user"] == 6_000
    assert world.say("output 5") is None


def test_input_x1() -> None:
    world = KeContact(dsw1_1=True, x1=True)
    world.charge()
    assert world.keys("State", "Input") == (3, 1)
    world.box.configure({"x1": False})
    world.wait(10)
    assert world.keys("State", "Input", "Enable sys", "Enable user") == (5, 0, 0, 1)


def test_a_box_that_is_stuck_needs_a_restart() -> None:
    world = KeContact()
    world.charge()
    world.box.configure({"suspended": True})
    world.ok("ena 1", "curr 16000")
    world.wait(30)
    assert world.report(2)["State"] == 5
    world.box.reboot()
    world.wait(90)
    assert world.report(2)["State"] == 3


def test_dip_switches() -> None:
    world = KeContact(dip_current=16)
    world.charge()
    assert world.keys("Curr HW", "Max curr", "I1") == (16_000, 16_000, world.register(1008))
    assert world.report(1)["DIP-Sw1"] == "0x62"
    assert world.report(1)["COM-module"] == 0


@pytest.mark.parametrize(
    ("current", "shown"), [(10, "0x20"), (13, "0x24"), (16, "0x22"), (20, "0x26"), (25, "0x21"), (32, "0x25")]
)
def test_dip_switches_as_captured(current: int, shown: str) -> None:
    """Real ones with UDP on show 0x20, 0x24, 0x22, 0x26 and 0x25; DSW1.1 is the highest bit."""
    world = KeContact(dip_current=current, dsw1_2=False)
    assert world.report(1)["DIP-Sw1"] == shown
    world.box.configure({"dsw1_1": True, "dsw1_2": True})
    assert world.report(1)["DIP-Sw1"] == f"0x{int(shown, 16) | 0xC0:02x}"


def test_com_module_takes_its_time() -> None:
    world = KeContact("keba-p30-x-32")
    assert (world.report(1)["COM-module"], world.report(1)["timeQ"]) == (1, 3)
    world.box.reboot()
    world.wait(30)
    assert world.report(1)["COM-module"] == 0
    world.wait(300)
    assert world.report(1)["COM-module"] == 1


def test_an_x_series_is_a_c_series_until_its_com_module_is_up() -> None:
    """No network time, no REST, no OCPP, no setting for authorisation: it asks for cards because it knows one."""
    world = KeContact("keba-p30-x-32", "3.10.80", rest_api=True, whitelist=["e3f76b8d"], ocpp_url="ws://127.0.0.1:9/")

    def shown() -> tuple[object, ...]:
        report, rest, ocpp = world.report(1), world.wallbox.interfaces["rest"], world.wallbox.interfaces["ocpp"]
        assert isinstance(rest, HttpInterface)
        assert isinstance(ocpp, OcppInterface)
        return report["COM-module"], report["timeQ"], rest.enabled(), ocpp.access() is not None, world.keys("AuthON")[0]

    up = (1, 3, True, True, 0)
    assert shown() == up
    world.box.reboot()
    world.wait(30)
    assert shown() == (0, 0, False, False, 1)
    world.box.configure({"ocpp_url": "ws://127.0.0.1:10/"})
    assert not shown()[3]
    world.plug_in()
    world.wait(30)
    assert world.keys("State", "Authreq") == (1, 1)
    world.wait(270)
    assert shown() == up
    world.apply(PowerCut())
    world.wait(5)
    world.apply(PowerUp())
    world.wait(15)
    assert shown()[:4] == (0, 0, False, False)
    world.wait(300)
    assert shown() == up


def test_nothing_is_said_of_the_pilot_while_the_charge_controller_is_silent() -> None:
    world = KeContact()
    world.charge()
    world.begin("link", ControllerLinkLost())
    world.wait(5)
    assert world.keys("State", "Enable sys", "Max curr", "Max curr %") == (4, 0, 0, 1000)
    assert world.register(1100) == 0


def test_restart_and_outage() -> None:
    world = KeContact(x2src=4)
    world.charge()
    world.ok("ena 0", "curr 10000", "failsafe 60 8000 0", "x2 0", "setdatetime 1767600000")
    world.box.reboot()
    assert not world.box.up
    world.wait(12)
    assert world.report(2)["State"] == 0
    assert world.keys("Enable user", "Curr user", "Curr FS", "Tmo FS") == (1, 63_000, 0, 0)
    assert world.keys("X2 phaseSwitch source", "X2 phaseSwitch") == (4, 1)
    assert (world.report(1)["timeQ"], world.report(1)["Sec"]) == (0, 2)
    world.wait(60)
    assert world.report(2)["State"] == 3
    world.apply(PowerCut())
    world.wait(10)
    world.apply(PowerUp())
    world.wait(15)
    assert world.report(2)["State"] == 0
    world.wait(60)
    assert world.report(2)["State"] == 3


# --- pushes ----------------------------------------------------------------------------------------------------------


def test_nothing_is_pushed_before_the_first_command() -> None:
    world = KeContact()
    world.charge()
    assert world.pushes() == []
    assert len(world.datagrams("report 1")) == 1
    assert world.pushes() == []


def listening(world: KeContact) -> list[tuple[float, dict[str, object]]]:
    """What the box sends from now on, with its second."""
    heard: list[tuple[float, dict[str, object]]] = []
    world.box.listen(lambda at: heard.extend((at / 1e6, push) for push in world.pushes()))
    return heard


def test_pushes_of_a_charge() -> None:
    world = KeContact()
    world.say("i")
    heard = listening(world)
    world.charge()
    world.ok("ena 0")
    world.wait(10)
    world.unplug()
    world.wait(5)
    by_key: dict[str, list[object]] = {}
    for _, push in heard:
        ((key, value),) = push.items()
        by_key.setdefault(key, []).append(value)
    assert by_key["State"] == [2, 3, 5, 1]
    assert by_key["Plug"] == [7, 3]
    assert by_key["Max curr"] == [32_000]
    energies = [int(str(value)) for value in by_key["E pres"]]
    assert [value // 100 for value in energies] == list(range(len(energies))), "steps count from the session's start"
    assert any(value % 100 for value in energies)


def test_an_answer_comes_before_the_changes_it_tells_of() -> None:
    world = KeContact()
    world.charge()
    world.say("i")
    datagrams = world.datagrams("ena 0")
    assert [d.data for d in datagrams] == [b"TCH-OK :done\n", b'{"Enable sys": 0}\n', b'{"Max curr": 0}\n']
    assert {(d.host, d.port) for d in datagrams} == {("127.0.0.2", 7090)}


def test_energy_is_pushed_every_ten_watt_hours() -> None:
    world = KeContact()
    world.say("i")
    world.charge(max_current=16.0)
    heard = listening(world)
    world.wait(60)
    times = [at for at, push in heard if "E pres" in push]
    assert len(times) == pytest.approx(60 / 3.9, abs=3)
    fired = world.simulation.agenda.fired
    world.ok("ena 0")
    world.wait(10)
    fired = world.simulation.agenda.fired
    world.wait(3600)
    assert world.simulation.agenda.fired - fired <= 2, "nothing ticks when nothing happens"


@pytest.mark.parametrize("model", [None, "keba-p20"])
def test_steps_of_energy_do_not_drift(model: str | None) -> None:
    """Every 10 Wh from the session's start, however late the meter is looked at; also for who commands later."""
    world = KeContact(model)
    world.charge(max_current=16.0)
    world.say("i")
    before = int(str(world.report(3)["E pres"]))
    heard = listening(world)
    world.wait(600)
    energies = [int(str(push["E pres"])) for _, push in heard if "E pres" in push]
    assert len(energies) > 150
    steps = [value // 100 for value in energies]
    assert steps == list(range(before // 100 + 1, before // 100 + 1 + len(steps)))
    assert max(value % 100 for value in energies) < 40, "11 kW give 3 Wh until the meter is looked at"


def test_pushes_go_to_whoever_commanded_last() -> None:
    world = KeContact()
    world.say("i", "127.0.0.2:7090")
    world.say("i", "127.0.0.3:7090")
    world.plug_in()
    world.wait(5)
    interface = world.unit.udp.interface()
    assert {d.host for d in interface.published(0)} == {"127.0.0.3"}


def test_a_p20_tells_everybody() -> None:
    world = KeContact("keba-p20")
    world.pushes()
    interface = world.unit.udp.interface()
    list(interface.published(0))
    world.plug_in()
    world.wait(5)
    assert {(d.host, d.port) for d in interface.published(0)} == {("127.255.255.255", 7092)}


# --- sessions and cards ----------------------------------------------------------------------------------------------


def test_session_log() -> None:
    world = KeContact(hardware={"total_energy": 1_000.0})
    assert world.report(100)["Session ID"] == -1
    world.wait(100)
    world.charge()
    world.wait(600)
    running = world.report(100)
    assert (running["Session ID"], running["E start"], running["ended[s]"], running["reason"]) == (1, 10_000, 0, 0)
    assert (running["started[s]"], running["started"], running["timeQ"]) == (100, "100", 0)
    assert running["E pres"] == world.report(3)["E pres"]
    assert int(str(running["E start"])) + int(str(running["E pres"])) == world.report(3)["E total"]
    assert world.report(101)["Session ID"] == -1
    world.unplug()
    world.wait(60)
    ended = world.report(100)
    assert (ended["reason"], ended["ended[s]"]) == (1, 740)
    assert {**world.report(101), "ID": "100"} == ended
    assert world.report(3)["E pres"] == ended["E pres"]
    world.plug_in()
    world.wait(1)
    assert (world.report(100)["Session ID"], world.report(3)["E pres"]) == (2, 0)
    assert world.report(101)["Session ID"] == 1
    for _ in range(40):
        world.unplug()
        world.wait(1)
        world.plug_in()
        world.wait(1)
    assert world.report(130)["Session ID"] == 12
    world.box.reboot()
    world.wait(60)
    assert world.report(101)["Session ID"] == 42, "the log is in flash"


def test_clock() -> None:
    world = KeContact()
    world.ok("setdatetime 1767600000")
    world.wait(3661)
    world.plug_in()
    world.wait(1)
    report = world.report(100)
    assert (report["timeQ"], report["started[s]"]) == (1, 1_767_603_661)
    assert report["started"] == "2026-01-05 09:01:01.000"
    synced = KeContact("keba-p30-x-32")
    synced.plug_in()
    synced.wait(1)
    assert synced.report(100)["started"] == "2026-01-05 08:00:00.000"


def test_session_energy_may_go_on() -> None:
    world = KeContact(keeps_session_energy=True)
    world.charge()
    world.unplug()
    world.wait(1)
    before = world.report(3)["E pres"]
    world.plug_in()
    world.wait(1)
    assert world.report(3)["E pres"] == before != 0


Authorise = Callable[[KeContact], object]


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (lambda w: w.box.present_card("e3:f7:6b:8d"), lambda w: w.box.present_card("E3F76B8D")),
        (lambda w: w.ok(f"start {CARD} {CLASS}"), lambda w: w.ok(f"stop {CARD}")),
        (lambda w: w.ok("start e3f76b8d"), lambda w: w.ok("stop")),
    ],
)
def test_cards(start: Authorise, stop: Authorise) -> None:
    world = KeContact(whitelist=["e3f76b8d"])
    assert world.keys("State", "AuthON", "Authreq", "Enable sys", "Enable user") == (1, 1, 1, 0, 1)
    world.plug_in()
    world.wait(10)
    assert world.keys("State", "Plug", "Authreq", "Enable sys", "Max curr") == (1, 7, 1, 0, 0)
    world.box.present_card("11223344")
    world.ok("start 1122334400000000")
    assert world.report(2)["Authreq"] == 1
    start(world)
    world.wait(40)
    assert world.keys("State", "Authreq", "Enable sys") == (3, 0, 1)
    report = world.report(100)
    assert (report["RFID tag"], report["RFID class"], report["reason"]) == (CARD, CLASS, 0)
    world.box.present_card("11223344")
    world.ok("stop 1122334400000000")
    assert world.report(2)["Authreq"] == 0
    stop(world)
    world.wait(20)
    assert world.keys("State", "Authreq", "Enable sys") == (1, 1, 0)
    assert world.report(100)["reason"] == 10


def test_a_card_before_the_car() -> None:
    world = KeContact(whitelist=[CARD])
    world.box.present_card(CARD)
    assert world.keys("Authreq", "Enable sys", "State") == (0, 1, 1)
    world.wait(61)
    assert world.report(2)["Authreq"] == 1
    world.box.present_card(CARD)
    world.wait(30)
    world.plug_in()
    world.wait(60)
    assert (world.report(2)["State"], world.report(100)["RFID tag"]) == (3, CARD)
    world.unplug()
    world.wait(1)
    assert world.report(2)["Authreq"] == 1


def test_who_asks_for_cards() -> None:
    assert KeContact("keba-p30-x-32", whitelist=[CARD]).report(2)["AuthON"] == 0
    locked = KeContact("keba-p30-x-32", authorisation=True)
    assert locked.report(2)["Authreq"] == 1
    locked.ok("start " + CARD)
    assert locked.report(2)["Authreq"] == 1
    plain = KeContact("keba-p30-de", whitelist=[CARD])
    assert plain.report(2)["AuthON"] == 0
    assert "ignored" in plain.box.present_card(CARD).detail
    assert not KeContact().box.present_card("zz").ok


# --- failsafe --------------------------------------------------------------------------------------------------------


def test_failsafe_trips_and_is_left() -> None:
    world = KeContact()
    world.charge()
    world.ok("failsafe 30 6000 0")
    assert (world.register(1600), world.register(1602)) == (6_000, 30)
    world.wait(29)
    world.report(2)
    world.register(1602)
    assert world.report(2)["Enable sys"] == 1
    world.wait(1)
    assert world.keys("Enable sys", "Max curr", "Curr user") == (0, 6_000, 63_000), "reading does not feed it"
    world.wait(20)
    assert world.keys("State", "Max curr %") == (3, 100)
    world.ok("curr 16000")
    assert world.report(2)["Enable sys"] == 0
    world.ok("ena 1")
    assert world.keys("Enable sys", "Max curr") == (1, 16_000)
    world.wait(30)
    assert world.report(2)["Enable sys"] == 0, "it watches again"


@pytest.mark.parametrize("food", ["curr 16000", "currtime 16000 1", "ena 1", "5018", "5004", "5014"])
def test_what_feeds_it(food: str) -> None:
    world = KeContact()
    world.ok("failsafe 30 6000 0")
    for _ in range(5):
        world.wait(20)
        if food.isdigit():
            assert world.put(int(food), {"5018": 30, "5004": 16_000, "5014": 1}[food]) is None
        else:
            world.ok(food)
        assert world.report(2)["Enable sys"] == 1
    world.wait(31)
    assert world.report(2)["Enable sys"] == 0


@pytest.mark.parametrize("food", ["report 2", "i", "setenergy 0", "output 0", "1602", "5016", "curr 5"])
def test_what_does_not(food: str) -> None:
    world = KeContact()
    world.ok("failsafe 30 6000 0")
    world.wait(20)
    if food == "5016":
        assert world.put(5016, 7000) is None
    elif food.isdigit():
        world.register(int(food))
    else:
        world.say(food)
    world.wait(10)
    assert world.report(2)["Enable sys"] == 0


def test_failsafe_stops_and_is_switched_off() -> None:
    world = KeContact()
    world.charge()
    world.put(5016, 0)
    world.put(5018, 10)
    world.wait(20)
    assert world.keys("State", "Enable sys", "Max curr") == (5, 0, 0)
    world.put(5018, 0)
    world.wait(40)
    assert world.keys("State", "Enable sys") == (3, 1)


def test_failsafe_survives_only_if_saved() -> None:
    world = KeContact()
    world.put(5016, 8_000)
    world.put(5018, 60)
    world.box.reboot()
    world.wait(15)
    assert (world.register(1600), world.register(1602)) == (0, 0)
    world.put(5016, 8_000)
    world.put(5018, 60)
    assert world.put(5020, 1) is None
    world.box.reboot()
    world.wait(15)
    assert (world.register(1600), world.register(1602)) == (8_000, 60)
    world.wait(60)
    assert world.report(2)["Max curr"] == 0
    assert world.report(2)["Enable sys"] == 0


def test_a_p40_leaves_it_by_a_current() -> None:
    world = KeContact("keba-p40")
    world.charge()
    world.put(5016, 6_000)
    world.put(5018, 30)
    world.wait(40)
    assert world.register(1100) == 6_000
    world.put(5004, 12_000)
    assert world.register(1100) == 12_000


# --- scenario values -------------------------------------------------------------------------------------------------


def test_writing_as_a_client() -> None:
    world, origin = KeContact(), Origin(interface="scenario")
    assert world.box.write("curr", 10_000, origin).ok
    assert world.box.write("failsafe", "30 6000 0", origin).ok
    assert world.box.write("modbus.5014", 0, origin).ok
    assert world.box.write("unlock", None, origin).ok
    assert not world.box.write("nonsense", 1, origin).ok
    assert not world.box.write("curr", "x", origin).ok
    assert world.read("report2.Curr user", "report2.Tmo FS", "report2.Enable user", "modbus.1602") == [
        10_000,
        30,
        0,
        30,
    ]
    for address in ("report2", "report9.State", "report2.Nothing", "modbus.1", "foo", "report.State", "reportx.State"):
        with pytest.raises(KeyError):
            world.box.read(address)
    assert world.writes()[:3] == [("curr", 10_000, True), ("failsafe", "30 6000 0", True), ("modbus.5014", 0, True)]
    assert json.loads(json.dumps([world.box.read(a) for a in world.box.addresses()]))
    assert CLIENT.endswith(":7090")


def test_idle_currents() -> None:
    """Some meters show a few mA without any current: clients must not take that for charging."""
    assert KeContact().keys("I1", "I2", "I3") == (0, 0, 0)
    world = KeContact(idle_currents=True)
    seen: set[object] = set()
    for _ in range(20):
        seen.update(world.keys("I1", "I2", "I3"))
        world.wait(1)
    assert seen == {4, 5}
    assert world.keys("P") == (0,)
    world.charge()
    (current,) = world.keys("I1")
    assert isinstance(current, int)
    assert current > 30_000


def test_settings_without_effect_are_refused() -> None:
    world = KeContact()
    with pytest.raises(EmulatorError, match="a c-series asks for a card as soon as it knows one"):
        world.box.configure({"authorisation": True})
    with pytest.raises(EmulatorError, match="state its cards in whitelist"):
        KeContact(authorisation=True)
    with pytest.raises(EmulatorError, match="'xyz' is no card"):
        world.box.configure({"whitelist": [CARD, "xyz"]})
    assert world.report(2)["AuthON"] == 0
    assert KeContact("keba-p30-x-32", authorisation=True).report(2)["AuthON"] == 1
