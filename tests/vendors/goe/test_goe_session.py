"""Sessions over the API: what a client sees while a car charges, pauses, switches phases and leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import CLIENT, Bench

Make = Callable[..., Bench]


def charging(world: Bench, **vehicle: object) -> Bench:
    """A car that charges at full current."""
    world.plug_in(**vehicle)
    world.wait(60)
    assert world.box.read("car") == 2
    return world


def state(world: Bench) -> list[object]:
    return world.read("car", "alw", "acu", "modelStatus")


# --- the plain course of things --------------------------------------------------------------------------------------


def test_idle(goe: Make) -> None:
    world = goe()
    assert state(world) == [1, True, 16, 15]
    assert world.read("pha", "cdi", "lccfi", "lcctc", "lccfc", "cbl", "err", "trx", "pnp") == [
        [False, False, False, True, True, True], {"type": 1, "value": 0}, None, None, None, None, 0, None, 0,
    ]  # fmt: skip
    nrg = world.box.read("nrg")
    assert isinstance(nrg, list)
    assert len(nrg) == 16
    assert nrg[4:12] == [0] * 8
    assert nrg[0] == pytest.approx(230, abs=0.31)


def test_a_session(goe: Make) -> None:
    world = goe()
    world.wait(1)
    world.plug_in()
    world.wait(1.2)
    assert state(world) == [3, True, 16, 15]
    world.wait(60)
    assert state(world) == [2, True, 16, 15]
    assert world.read("pha", "pnp", "cbl", "cus", "lck") == [[True] * 6, 3, 32, 3, 0]
    power, current, total = world.box.read("nrg.11"), world.box.read("nrg.4"), world.now.power
    assert power == pytest.approx(total, rel=0.005)
    assert current == pytest.approx(15.7, abs=0.1)
    assert world.box.read("nrg.12") == pytest.approx(99.9, abs=0.2), "per cent"
    assert world.box.read("tpa") == pytest.approx(total, rel=0.01)
    assert world.box.read("wh") == pytest.approx(world.now.session_energy, abs=3.5)
    begin = world.box.read("lcctc")
    assert world.box.read("cdi") == {"type": 0, "value": begin}


def test_the_meter_is_read_once_a_second(goe: Make) -> None:
    world = charging(goe())
    world.wait(0.5)
    before = world.read("wh", "eto", "nrg")
    world.wait(0.4)
    assert world.read("wh", "eto", "nrg") == before
    world.wait(0.2)
    assert world.box.read("wh") != before[0]


def test_reading_changes_nothing(goe: Make) -> None:
    def play(reads: bool) -> list[object]:
        world = goe()
        for step in range(120):
            if step == 5:
                world.plug_in(state_of_charge=0.5)
            if step == 60:
                world.request("/api/set?frc=1")
            if step == 80:
                world.request("/api/set?frc=0&amp=8")
            if reads:
                world.request("/api/status")
            world.wait(0.7)
            if reads:
                world.box.read("mmp")
        return [world.get("/api/status"), [e.as_line() for e in world.simulation.journal if e.kind != "request"]]

    assert play(reads=True) == play(reads=False)


def test_a_full_car_is_complete(goe: Make) -> None:
    world = charging(goe(), capacity=1000.0, state_of_charge=0.9)
    world.wait(3600)
    assert state(world) == [4, True, 16, 15]
    assert world.box.read("nrg.11") == 0
    assert world.now.vehicle is not None
    assert world.now.vehicle.finished


def test_amp_follows_within_a_second(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?amp=6")
    assert world.read("amp", "acu") == [6, 16]
    world.wait(1)
    assert world.read("acu", "cll.requestedCurrent") == [6, 6]
    assert world.now.offered_current == 6
    assert world.now.binding_limit == "goe.amp"
    world.wait(6)
    assert world.box.read("nrg.4") == pytest.approx(5.9, abs=0.2)


@pytest.mark.parametrize(("model", "most"), [("gemini-11", 16), ("gemini-22", 32)])
def test_acu_is_the_least_of_the_limits(goe: Make, model: str, most: int) -> None:
    world = goe(model, amp=32)
    assert world.read("acu", "ama", "var") == [most, most, 11 if most == 16 else 22]
    world.request("/api/set?ama=12")
    world.wait(1)
    limits = world.box.read("cll")
    assert isinstance(limits, dict)
    assert world.box.read("acu") == min(limits.values()) == 12
    assert list(limits) == sorted(limits)


def test_unplugging(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?frc=2")
    world.wait(1.25)
    world.unplug()
    world.wait(0.3)
    assert world.read("car", "frc") == [2, 2], "until the next second the box does not know"
    world.wait(0.7)
    assert state(world) == [1, True, 16, 15]
    assert world.read("frc", "trx", "nrg.11", "pha.0", "cbl") == [0, None, 0, False, None]
    energy = world.box.read("wh")
    assert energy
    world.wait(600)
    assert world.box.read("wh") == energy, "the last session's energy stays"
    world.plug_in()
    world.wait(2)
    assert world.read("car", "wh", "cdi.value", "mmp") == [3, 0, 0, 0]


def test_the_newer_platform_forgets_the_energy_at_unplug(goe: Make) -> None:
    world = charging(goe("core"))
    world.unplug()
    world.wait(1)
    assert world.read("car", "wh") == [1, 0]


def test_no_second_shows_current_without_a_car(goe: Make) -> None:
    """Whenever one looks, values belong together."""
    world = goe()
    for step in range(200):
        if step == 3:
            world.plug_in()
        if step == 120:
            world.unplug()
        if step == 130:
            world.plug_in()
        world.wait(0.37)
        seen = world.get("/api/status?filter=car,nrg,alw,acu,modelStatus,pha")
        if seen["car"] == 1:
            assert seen["nrg"][11] == 0  # type: ignore[index]
        assert (seen["acu"] is None) == (seen["alw"] is False)


def test_a_quick_swap_is_two_sessions(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?frc=2")
    world.wait(1)
    world.unplug()
    world.plug_in()
    world.wait(2)
    assert world.read("frc", "wh") == [0, pytest.approx(0, abs=1)]


# --- force state, energy limit ---------------------------------------------------------------------------------------


def test_force_off_and_on(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?frc=1")
    world.wait(1)
    assert state(world) == [2, False, None, 4], "the car has up to 6 s"
    world.wait(5)
    assert state(world) == [4, False, None, 4], "4, not 3, after charging"
    assert world.box.read("cdi.type") == 1
    world.request("/api/set?frc=2")
    world.wait(1)
    assert state(world) == [4, True, 16, 3]
    world.wait(15)
    assert state(world) == [2, True, 16, 3]


def test_force_off_before_plug_in_lasts_until_unplug(goe: Make) -> None:
    world = goe()
    world.request("/api/set?frc=1")
    world.wait(1)
    assert state(world) == [1, False, None, 4]
    world.plug_in()
    world.wait(30)
    assert state(world) == [3, False, None, 4]
    world.unplug()
    world.wait(2)
    assert world.box.read("frc") == 0


def test_energy_limit(goe: Make) -> None:
    world = goe(dwo=1000.0)
    world.plug_in()
    world.wait(600)
    assert state(world) == [4, False, None, 6]
    assert world.box.read("wh") == pytest.approx(1003, abs=5), "stopped within a second"
    world.request("/api/set?dwo=null")
    world.wait(20)
    assert state(world)[0] == 2
    world.request("/api/set?dwo=100")
    world.wait(1)
    assert world.box.read("modelStatus") == 6


def test_energy_limit_holds_for_the_next_car_too(goe: Make) -> None:
    world = goe(dwo=500.0)
    for _ in range(2):
        world.plug_in()
        world.wait(300)
        assert world.read("modelStatus", "car") == [6, 4]
        world.unplug()
        world.wait(2)
    assert world.box.read("dwo") == 500


def test_temporary_limit_expires_after_ten_minutes(goe: Make) -> None:
    world = goe()
    world.request("/api/set?tcl=8")
    world.wait(590)
    assert world.read("tcl", "acu") == [8, 8]
    world.request("/api/set?tcl=8")
    world.wait(590)
    assert world.box.read("acu") == 8
    world.wait(11)
    assert world.read("tcl", "acu") == [None, 16]


# --- access control --------------------------------------------------------------------------------------------------

CARDS = [{"name": "Anna", "rfid": "04A1B2C3"}, {"name": "Ben", "rfid": "04:a1:b2:c4"}]


def test_waiting_for_access(goe: Make) -> None:
    world = goe(acs=1)
    assert state(world) == [1, False, None, 2]
    assert world.box.read("cll.accessControl") == 0
    world.plug_in()
    world.request("/api/set?frc=2")
    world.wait(10)
    assert state(world) == [3, False, None, 2], "the force state does not help"
    assert world.now.authorisations == {"goe.trx": False}
    world.request("/api/set?trx=0&frc=0")
    world.wait(30)
    assert state(world) == [2, True, 16, 15]
    world.request("/api/set?trx=null")
    world.wait(10)
    assert state(world) == [4, False, None, 2]


def test_opening_access_starts_at_once(goe: Make) -> None:
    world = goe(acs=1)
    world.plug_in()
    world.wait(10)
    world.request("/api/set?acs=0")
    world.wait(10)
    assert world.read("car", "trx") == [2, None]


def test_a_card_starts_a_transaction_and_gets_the_energy(goe: Make) -> None:
    world = goe(acs=1, cards=CARDS)
    world.plug_in()
    world.wait(10)
    assert not world.box.present_card("DEADBEEF").ok
    assert world.read("trx", "lrc") == [None, None]
    assert world.box.present_card("04A1B2C4").ok
    assert world.read("trx", "lrc", "lri") == [2, 1, None]
    world.wait(600)
    assert world.read("car", "cards.1.name", "cards.1.cardId", "cards.0.energy") == [2, "Ben", True, 0]
    assert world.box.read("cards.1.energy") == pytest.approx(world.box.read("wh"), abs=5)
    world.unplug()
    world.wait(2)
    booked = world.box.read("c1e")
    assert world.read("trx", "cards.1.energy") == [None, booked]
    assert booked == pytest.approx(world.box.read("wh"), abs=5)
    world.plug_in()
    world.wait(600)
    assert world.box.read("c1e") == booked


def test_the_tag_is_shown_only_if_allowed(goe: Make) -> None:
    world = goe(rde=True, cards=CARDS)
    world.box.present_card("04a1b2c3")
    assert world.read("lri", "tsi", "trx") == ["04a1b2c3", "04a1b2c3", 1]


def test_only_learnt_cards_may_be_written_to_trx(goe: Make) -> None:
    world = goe(cards=CARDS)
    assert world.get("/api/set?trx=2") == {"trx": True}
    assert "not allowed" in str(world.get("/api/set?trx=3")["trx"])
    assert "exceeds range 0 to 10" in str(world.get("/api/set?trx=11")["trx"])
    old = goe(firmware="53.1", cards=CARDS)
    assert old.get("/api/set?trx=1") == {"trx": "trx: failed: starting transaction for 1 is not allowed (1)"}
    assert old.get("/api/set?trx=0") == {"trx": True}


def test_a_transaction_without_a_car_times_out(goe: Make) -> None:
    world = goe(acs=1, txt=90)
    world.request("/api/set?trx=0")
    world.wait(89)
    assert world.read("trx", "alw") == [0, True]
    world.wait(2)
    assert world.read("trx", "alw") == [None, False]
    world.request("/api/set?trx=0")
    world.wait(30)
    world.plug_in()
    world.wait(300)
    assert world.read("trx", "car") == [0, 2]


def test_card_slots(goe: Make) -> None:
    world = goe(firmware="53.1")
    assert world.box.read("cards.0.name") == "User 1"
    world = goe()
    assert world.box.read("cards.9") == {"name": "n/a", "energy": 0, "cardId": False}
    world.box.present_card("0011aabb")
    assert world.get("/api/set?lrn=3&c3n=%22Carla%22&c3e=1500") == {"lrn": True, "c3n": True, "c3e": True}
    assert world.read("cards.3", "c3i") == [{"name": "Carla", "energy": 1500, "cardId": True}, True]
    world.get('/api/set?cards=[{},{"name":"Dora","energy":7,"rfid":"99"}]')
    assert world.read("cards.1.name", "c1e", "c1i", "c3n") == ["Dora", 7, True, "Carla"]
    assert world.get("/api/set?c4i=%22AB%22") == {"c4i": True}
    assert world.box.present_card("ab").ok
    assert world.get("/api/set?del=3&del=4") == {"del": True}
    assert world.read("c3n", "c3i", "c3e") == ["n/a", False, 0]
    assert "exceeds range 0 to 9" in str(world.get("/api/set?lrn=10")["lrn"])


# --- phases ----------------------------------------------------------------------------------------------------------


def test_phase_switch_while_charging(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?psm=1")
    assert world.read("psm", "fsp") == [1, False]
    world.wait(1)
    assert world.read("alw", "modelStatus") == [False, 23]
    world.wait(4)
    assert state(world) == [4, False, None, 23]
    assert world.box.read("nrg.11") == 0
    world.wait(7)
    assert world.box.read("modelStatus") == 23, "psmd is 10 s"
    world.wait(10)
    assert state(world) == [2, True, 16, 15]
    world.wait(20)
    assert world.read("fsp", "pnp", "pha") == [True, 1, [True, False, False, True, True, True]]
    assert isinstance(world.box.read("lfspt"), int)
    world.request("/api/set?psm=2")
    world.wait(60)
    assert world.read("fsp", "pnp", "car") == [False, 3, 2]


def test_limits_below_the_minimum_pause(goe: Make) -> None:
    """`mca`: the installer's limit or the temporary one below it; a request below it is obeyed."""
    for limits in ({"ama": 8}, {"tcl": 8}):
        world = goe(mca=10)
        world.charge()
        world.box.configure(limits)
        world.wait(15)
        assert world.read("car", "alw", "acu", "modelStatus") == [4, False, None, 27]
        world.box.configure({"mca": 8})
        world.wait(30)
        assert world.read("car", "alw", "acu", "modelStatus") == [2, True, 8, 15]
    world = goe(mca=10, amp=8)
    world.charge()
    assert world.read("car", "acu", "modelStatus") == [2, 8, 15]


@pytest.mark.parametrize(
    ("model", "firmware", "car"),
    [("core", "60.5", 3), ("core", "60.4", 1), ("pro", "60.5", 1), ("gemini-22", "60.5", 1)],
)
def test_a_core_waits_for_a_card_without_a_car(goe: Make, model: str, firmware: str, car: int) -> None:
    """Captured once: car 3 with nothing plugged while access control waits."""
    world = goe(model, firmware, acs=1)
    assert world.read("car", "modelStatus") == [car, 2]
    world.request("/api/set?trx=0")
    world.wait(1)
    assert world.read("car", "modelStatus") == [1, 15]
    assert goe(model, firmware, acs=1, wait_without_car=False).read("car") == [1]


@pytest.mark.parametrize(
    ("model", "firmware", "many"), [("pro", "60.5", True), ("pro", "60.4", False), ("gemini-22", "60.5", False)]
)
def test_how_many_ranges_a_schedule_has(goe: Make, model: str, firmware: str, many: bool) -> None:
    world = goe(model, firmware)
    hours = [{"begin": {"hour": hour, "minute": 0}, "end": {"hour": hour + 1, "minute": 0}} for hour in (1, 3, 9)]
    outcome = world.box.write("sch_week", {"control": 2, "ranges": hours}, CLIENT)
    assert outcome.ok is many
    assert many or "value must be object" in outcome.message
    world.wait(2)
    assert world.read("sch_week.ranges.2.begin.hour" if many else "sch_week.control") == [9 if many else 0]
    assert world.read("alw") == [not many], "it is 9:00 there: the third range has begun"


@pytest.mark.parametrize(("written", "amperes"), [("true", 1), ("false", 0), ("16", 16), ('{"amp":20}', 20)])
def test_lot_takes_any_variant(goe: Make, written: str, amperes: int) -> None:
    world = goe()
    assert world.get(f"/api/set?lot={written}") == {"lot": True}
    assert world.read("lot.amp") == [amperes]


@pytest.mark.parametrize("model", ["gemini-22", "v3-22"])
def test_a_supply_with_one_phase_forces_nothing(goe: Make, model: str) -> None:
    """Captured: psm 2 and fsp false on one phase."""
    world = Bench("goe", model, "53.1", hardware={"phases": 1}, settings={"hai": True, "hla": True, "psm": 2})
    world.charge()
    assert world.read("fsp", "v1.fsp", "pnp", "psm") == [False, "0", 1, 2]
    world.request("/api/set?psm=1")
    world.wait(60)
    assert world.read("fsp", "v1.fsp", "pnp") == [True, "1", 1]


def test_the_pause_of_a_phase_switch_is_psmd(goe: Make) -> None:
    world = charging(goe(psmd=60_000))
    world.request("/api/set?psm=1")
    world.wait(58)
    assert state(world) == [4, False, None, 23]
    world.wait(20)
    assert state(world)[0] == 2


def test_a_phase_wish_taken_back_in_time_switches_nothing(goe: Make) -> None:
    world = charging(goe())
    cycles = world.now.contactor_cycles
    world.request("/api/set?psm=1")
    world.wait(1)
    world.request("/api/set?psm=2")
    world.wait(30)
    assert world.read("car", "fsp", "lfspt") == [2, False, None]
    assert world.now.contactor_cycles <= cycles + 1


def test_phases_change_silently_without_charging(goe: Make) -> None:
    world = goe()
    world.request("/api/set?psm=1")
    world.wait(1)
    assert world.read("fsp", "modelStatus", "alw") == [True, 15, True]
    world.plug_in()
    world.wait(30)
    assert world.read("car", "pnp") == [2, 1]


def test_unplugging_during_a_phase_switch(goe: Make) -> None:
    world = charging(goe())
    world.request("/api/set?psm=1")
    world.wait(8)
    world.unplug()
    world.wait(10)
    assert state(world) == [1, True, 16, 15]
    world.plug_in()
    world.wait(30)
    assert world.read("car", "pnp") == [2, 1]


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_minimum_pause(goe: Make) -> None:
    world = charging(goe(mcpd=60_000))
    world.request("/api/set?lmo=4")
    world.wait(10)
    assert state(world) == [4, False, None, 17]
    world.request("/api/set?lmo=3")
    world.wait(2)
    assert state(world) == [4, False, None, 24]
    assert isinstance(world.box.read("mcpea"), int)
    world.wait(60)
    assert world.read("car", "modelStatus", "mcpea") == [2, 15, None]


def test_ending_a_minimum_pause(goe: Make) -> None:
    world = charging(goe(mcpd=600_000))
    world.request("/api/set?lmo=4")
    world.wait(10)
    world.request("/api/set?lmo=3&mcpea=null")
    world.wait(15)
    assert state(world)[0] == 2


def test_force_on_ignores_the_minimum_pause(goe: Make) -> None:
    world = charging(goe(mcpd=600_000))
    world.request("/api/set?lmo=4")
    world.wait(10)
    world.request("/api/set?frc=2")
    world.wait(1)
    assert world.box.read("modelStatus") == 3


def test_pauses_can_be_forbidden(goe: Make) -> None:
    world = charging(goe(acp=False))
    world.request("/api/set?lmo=4")
    world.wait(10)
    assert state(world) == [2, True, 6, 20]
    assert world.box.read("cll.minChargingCurrent") == 6


def test_simulated_unplugging_before_resuming(goe: Make) -> None:
    world = charging(goe(su=True))
    world.request("/api/set?frc=1")
    world.wait(20)
    assert not world.now.pilot_interrupted
    world.request("/api/set?frc=0")
    world.wait(2)
    assert state(world) == [4, False, None, 22]
    assert world.now.pilot_interrupted
    world.wait(8)
    assert world.box.read("modelStatus") == 22
    world.wait(20)
    assert state(world) == [2, True, 16, 15]
    assert not world.now.pilot_interrupted


def test_simulated_unplugging_during_the_whole_pause(goe: Make) -> None:
    world = charging(goe(sua=True))
    world.request("/api/set?frc=1")
    world.wait(300)
    assert state(world) == [4, False, None, 22]
    assert world.now.pilot_interrupted
    world.request("/api/set?frc=0")
    world.wait(30)
    assert state(world)[0] == 2


def test_keep_alive(goe: Make) -> None:
    world = charging(goe(mci=300_000))
    world.request("/api/set?lmo=4")
    world.wait(290)
    assert world.box.read("modelStatus") == 17
    world.wait(30)
    assert world.read("modelStatus", "acu", "car") == [19, 6, 2]
    world.wait(60)
    assert world.box.read("modelStatus") == 17
    world.wait(300)
    assert world.box.read("modelStatus") == 19


# --- lock and button -------------------------------------------------------------------------------------------------


def test_lock_policies(goe: Make) -> None:
    world = charging(goe(ust=1))
    assert world.read("cus", "lck") == [3, 1]
    world.request("/api/set?frc=1")
    world.wait(15)
    assert world.box.read("cus") == 1, "unlocked in a pause"
    world.request("/api/set?ust=0")
    world.wait(5)
    assert world.box.read("cus") == 3


def test_the_button_steps_through_the_presets(goe: Make) -> None:
    world = goe("gemini-11", amp=12, clp=[6, 12, 16, 20])
    world.box.press_button()
    assert world.box.read("amp") == 16
    world.box.press_button()
    assert world.box.read("amp") == 6, "20 A is more than the model can"
    assert world.box.read("lbp") == 0
    world.request("/api/set?bac=0")
    world.box.press_button()
    assert world.box.read("amp") == 6
    world.request("/api/set?sdp=3")
    world.box.press_button(5)
    assert world.box.read("frc") == 1
    assert goe("core").box.press_button().detail == {"ignored": "no button"}


def test_the_adapters_limit_has_its_documented_name(goe: Make) -> None:
    assert goe(adi=True).box.read("cll.adapterCurrentLimit") == 16


def test_the_limits_of_a_group_and_of_a_low_price(goe: Make) -> None:
    cheap = [{"start": 0, "end": 2**32 - 1, "marketprice": 4.5}]
    world = goe(lmo=4, awe=True, awp=20, awpl=cheap, loe=True, loa=9, amp=14)
    world.plug_in()
    world.wait(5)
    limits = world.box.read("cll")
    assert isinstance(limits, dict)
    assert (limits["awattar"], limits["loadLimit"], limits["requestedCurrent"]) == (9, 9, 14)
    world.box.configure({"awe": False, "lmo": 3})
    world.wait(5)
    limits = world.box.read("cll")
    assert isinstance(limits, dict)
    assert "awattar" not in limits


@pytest.mark.parametrize(("firmware", "members"), [("53.1", 1), ("55.5", 1), ("56.8", 17), ("60.5", 17)])
def test_the_network_in_use_is_told_in_full_from_56_2_on(goe: Make, firmware: str, members: int) -> None:
    network = goe(firmware=firmware).box.read("ccw")
    assert isinstance(network, dict)
    assert (len(network), next(iter(network))) == (members, "ssid")
