"""Transactions: cards, user ids over Modbus, what is counted and kept, and who waits how long for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from controller import ICC, Controller

from emulator.core.faults import ControllerLinkLost, VehicleRefuses
from emulator.core.messages import PowerCut, PowerUp, Reason, SetAuthorisation
from emulator.core.states import EvseState

CARD = "046e453af012ca"
WAITING = ("vehicle_connected_type2", "wait_for_auth", "preparing", "b")
CHARGING = ("vehicle_charging_type2", "authorized_for_charging", "charging", "c")


def guarded(**settings: object) -> Controller:
    return Controller(None, None, None, **{"free_charging": False, "whitelist": [CARD], **settings})


def test_card_after_the_car() -> None:
    world = guarded()
    world.plug_in()
    world.wait(30)
    assert world.states() == WAITING
    assert world.registers(104) == (5,)
    assert world.now.state is EvseState.B_AUTH
    assert world.wallbox.present_card("ffff").refused is Reason.UNAUTHORISED
    assert world.states() == WAITING
    assert world.wallbox.present_card(CARD.upper()).ok
    world.wait(30)
    assert world.states() == CHARGING
    assert world.full_state()["auth_uid"] == CARD
    assert world.wallbox.present_card("ffff").refused is Reason.UNAUTHORISED
    assert world.states() == CHARGING
    assert world.wallbox.present_card(CARD).ok
    world.wait(20)
    assert world.states() == ("vehicle_connected_type2", "not_authorized_for_charging", "finishing", "b")
    assert (world.registers(104), world.full_state()["auth_uid"]) == ((9,), "")
    assert world.full_state()["transaction_wh"] == "0"
    assert world.wallbox.present_card(CARD).ok
    world.wait(30)
    assert world.states() == CHARGING
    world.unplug()
    world.wait(2)
    assert world.states() == ("no_vehicle_connected", "not_authorized_for_charging", "available", "a")


def test_car_after_the_card() -> None:
    world = guarded()
    assert world.wallbox.present_card(CARD).ok
    assert world.states() == ("no_vehicle_connected", "authorized_for_charging", "preparing", "a")
    assert (world.registers(104), world.registers(122)) == ((5,), (1,))
    world.plug_in()
    world.wait(30)
    assert world.states() == CHARGING


def test_a_card_waits_only_so_long_and_can_be_taken_back() -> None:
    world = guarded()
    world.wallbox.present_card(CARD)
    world.wait(61)
    assert world.states()[1:3] == ("not_authorized_for_charging", "available")
    world.wallbox.present_card(CARD)
    world.wallbox.present_card(CARD)
    assert world.states()[1:3] == ("not_authorized_for_charging", "available")


def test_a_car_waits_only_so_long() -> None:
    world = guarded(authorisation_timeout=45.0)
    world.plug_in()
    world.wait(44)
    assert world.states() == WAITING
    world.wait(2)
    assert world.states() == ("vehicle_connected_type2", "auth_timeout", "preparing", "b")
    world.wallbox.present_card(CARD)
    world.wait(30)
    assert world.states() == CHARGING


def test_the_wait_begins_when_a_card_is_needed() -> None:
    world = guarded(available=False)
    world.plug_in()
    world.wait(300)
    assert world.states()[1:3] == ("not_authorized_for_charging", "unavailable")
    world.set(124, 1)
    world.wait(59)
    assert world.states() == WAITING
    world.wait(2)
    assert world.states()[1] == "auth_timeout"
    world.wallbox.configure({"free_charging": True})
    world.wait(30)
    assert world.states() == CHARGING


def test_free_charging_takes_the_name_of_a_card() -> None:
    world = Controller()
    world.charge()
    assert world.full_state()["auth_uid"] == ""
    assert world.wallbox.present_card("aabb").ok
    assert world.full_state()["auth_uid"] == "aabb"
    assert world.wallbox.present_card("ccdd").refused is Reason.UNAUTHORISED
    assert world.wallbox.present_card("aabb").ok
    world.wait(20)
    assert world.states()[2] == "finishing"
    assert world.now.offered_current == 0
    world.unplug()
    world.wait(2)
    world.charge()
    assert world.states() == CHARGING


def test_a_lost_authorisation() -> None:
    world = guarded()
    world.plug_in()
    world.wait(5)
    world.wallbox.present_card(CARD)
    world.wait(30)
    assert world.simulation.submit("garage", SetAuthorisation(owner="bender.authorisation", granted=False)).ok
    world.wait(20)
    assert world.states() == ("vehicle_connected_type2", "not_authorized_for_charging", "finishing", "b")
    assert world.wallbox.present_card(CARD).ok
    world.wait(30)
    assert world.states() == CHARGING


def test_a_clock_that_is_wrong() -> None:
    world = Controller()
    world.wallbox.clock_offset = timedelta(hours=1)
    world.charge()
    assert world.long(707) == 0x00090000


def test_a_suspended_vehicle() -> None:
    world = Controller()
    world.begin("refuses", VehicleRefuses())
    world.charge()
    assert world.states() == ("vehicle_connected_type2", "authorized_for_charging", "suspendedev", "b")
    assert (world.registers(104), world.registers(706)) == ((8,), (32,))


@pytest.mark.parametrize(("model", "code"), [("cc613", 8), (ICC, 5)])
def test_a_relay_that_is_about_to_close_prepares_nothing(model: str, code: int) -> None:
    """Authorised and not charging is suspendedev; preparing means that the authorisation is missing."""
    world = Controller(model)
    world.plug_in()
    while world.now.state is not EvseState.C_CLOSING:
        world.wait(0.1)
    assert (world.registers(104), world.registers(122)) == ((code,), (3,))


def test_state_d() -> None:
    world = Controller()
    world.charge(ventilation=True)
    assert world.states() == ("vehicle_charging_type2", "authorized_for_charging", "charging", "d")
    assert world.registers(122, 2) == (4, 13)


def test_reserved_and_the_older_ocpp() -> None:
    assert Controller(reserved=True).registers(104) == (2,)
    world = Controller(ocpp_version="1.5")
    assert (world.registers(104), world.states()[2]) == ((0,), "available")
    world.charge()
    assert (world.registers(104), world.states()[2]) == ((1,), "occupied")
    world.set(1000, 0)
    world.wait(20)
    assert world.registers(104) == (1,)
    world.wallbox.configure({"errors": ["pic24_error"]})
    assert world.registers(104) == (4,)


# --- user ids over Modbus --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one_by_one", [False, True])
def test_start_and_stop_over_modbus(one_by_one: bool) -> None:
    world = guarded(modbus_user_id_write=True, modbus_user_id_read=True)
    world.plug_in()
    world.wait(5)
    assert world.text(720, 10) == b" " * 20
    world.show_user("nobody", one_by_one=one_by_one)
    assert world.states() == WAITING
    world.show_user(CARD.upper(), one_by_one=one_by_one)
    world.wait(30)
    assert world.states() == CHARGING
    assert world.text(720, 10) == CARD.rjust(20).encode()
    world.wallbox.configure({"modbus_user_id_read": False})
    assert world.text(720, 10) == b" " * 20
    world.show_user(CARD, one_by_one=one_by_one)
    world.wait(20)
    assert world.states()[2] == "finishing"
    assert [entry for entry in world.writes() if entry[0] == "user_id"] == [
        ("user_id", "nobody", False),
        ("user_id", CARD.upper(), True),
        ("user_id", CARD, True),
    ]


def test_an_empty_user_id_is_nobody() -> None:
    world = Controller(modbus_user_id_write=True)
    world.charge()
    world.show_user("")
    world.wait(10)
    assert world.states() == CHARGING
    assert world.set(1119, 0x4142) is None  # only its end: a user id of two characters
    assert world.full_state()["auth_uid"] == "ab"


def test_nobody_starts_what_is_unavailable() -> None:
    world = guarded(available=False, modbus_user_id_write=True)
    assert world.wallbox.present_card(CARD).refused is Reason.NOT_NOW
    world.show_user(CARD)
    assert world.states()[1] == "not_authorized_for_charging"


def test_readers() -> None:
    assert "no card reader" in str(Controller("cc612-no-rfid").wallbox.present_card(CARD).detail)
    world = guarded()
    world.begin("silent", ControllerLinkLost())
    assert "does not answer" in str(world.wallbox.present_card(CARD).detail)
    assert world.full_state()["errors"] == "rfid_reader_not_communicating"
    assert world.states()[2] == "available"


# --- counters --------------------------------------------------------------------------------------------------------


def test_what_is_counted_and_kept() -> None:
    world = Controller()
    assert (world.long(707), world.long(710), world.long(716), world.long(718)) == (0, 0, 0, 0)
    world.wait(6 * 3600 + 5 * 60 + 9)  # 14:05:09
    world.plug_in(max_current=16.0, ramp_up=50.0)
    world.wait(1800)
    energy = int(world.now.session_energy)
    assert (world.long(707), world.long(710)) == (0x00140509, 0)
    assert world.registers(705) == (energy,) == (world.long(716),)
    assert world.registers(709) == (1799,) == (world.long(718),)  # the plug is seen a moment later
    assert world.full_state()["time_since_charging_start"] == "1799"
    world.unplug()
    world.wait(600)
    assert (world.long(707), world.long(710)) == (0x00140509, 0x00143509)
    assert (world.registers(705), world.long(716), world.long(718)) == ((energy,), energy, 1799)
    assert world.full_state()["transaction_wh"] == "0"
    assert world.full_state()["time_since_charging_start"] == "0"
    world.plug_in()
    world.wait(2)
    assert (world.long(716), world.long(710)) == (0, 0)


def test_short_counters_stay_at_their_end() -> None:
    world = Controller()
    world.plug_in(max_current=32.0, capacity=500_000.0, state_of_charge=0.0)
    world.wait(70_000)
    assert world.long(716) > 0xFFFF
    assert world.registers(705) == (0xFFFF,)
    assert world.long(718) == 69_999
    assert world.registers(709) == (0xFFFF,)


def test_an_icc_counts_in_packed_digits_as_well() -> None:
    world = Controller(ICC)
    world.wait(3600 * 15 + 47 * 60 + 29)
    world.charge()
    assert world.long(707) == 0x0023_4729


# --- restarts --------------------------------------------------------------------------------------------------------


def test_reboot() -> None:
    world = guarded()
    world.plug_in()
    world.wait(5)
    world.wallbox.present_card(CARD)
    world.wait(60)
    kept = world.long(716)
    world.wallbox.reboot()
    assert not world.wallbox.up
    world.wait(10)
    assert not world.now.contactor
    world.wait(55)
    assert world.states() == WAITING  # the transaction ended
    assert world.long(716) == kept


def test_outage() -> None:
    world = Controller()
    world.charge()
    world.apply(PowerCut())
    world.wait(60)
    assert not world.wallbox.up
    world.apply(PowerUp())
    world.wait(100)
    assert world.states() == CHARGING
    assert 20 < world.long(718) < 100


def test_new_firmware() -> None:
    world = Controller(None, "5.22")
    assert world.modbus(3, 730).exception == 1
    world.wallbox.set_firmware("5.33.9-21459")
    world.wait(61)
    assert world.modbus(3, 730).exception is None
    assert world.full_state()["wlan_state"] == "wlan_disconnected"
