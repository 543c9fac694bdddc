"""Faults, heat, a silent charge controller, restarts and power cuts, as a client sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import CLIENT, Bench

from emulator.core import faults as f
from emulator.core.faults import Disturbance
from emulator.core.messages import PowerCut, PowerUp, RebootController, SetSupply
from emulator.core.states import EvseState

Make = Callable[..., Bench]


def charging(world: Bench) -> Bench:
    world.plug_in()
    world.wait(60)
    assert world.box.read("car") == 2
    return world


# --- faults ----------------------------------------------------------------------------------------------------------

CODES: list[tuple[Disturbance, int, int]] = [
    (f.TripRcd(residual_current=0.035), 1, 1),
    (f.TripRcd(residual_current=0.008, current_type="dc"), 2, 2),
    (f.RcdSensorDefect(), 11, 14),
    (f.PhaseLoss(phases=("L2",)), 3, 3),
    (f.Overvoltage(voltage=265), 4, 4),
    (f.Overcurrent(excess=6), 5, 5),
    (f.DiodeShorted(), 6, 6),
    (f.PpInvalid(), 7, 7),
    (f.PeLoss(), 8, 8),
    (f.CpShort(), 12, 18),
    (f.CpStateF(), 12, 18),
    (f.SwitchUnconfigured(), 12, 15),
    (f.Overtemp(temperature=90), 13, 16),
]


@pytest.mark.parametrize(("fault", "old", "new"), CODES)
@pytest.mark.parametrize("firmware", ["56.8", "60.5"])
def test_codes_of_faults(goe: Make, fault: Disturbance, old: int, new: int, firmware: str) -> None:
    world = charging(goe(firmware=firmware))
    world.begin("it", fault)
    world.wait(20)
    expected = new if firmware == "60.5" else old
    hot = isinstance(fault, f.Overtemp)
    assert world.read("car", "err", "alw", "acu", "modelStatus") == [5, expected, False, None, 1 if hot else 26]
    assert world.box.read("nrg.11") == 0


def test_faults_of_the_contactor(goe: Make) -> None:
    world = charging(goe())
    world.begin("it", f.ContactorWelded())
    world.request("/api/set?frc=1")
    world.wait(10)
    assert world.read("car", "err") == [5, 9]
    world = goe()
    world.begin("it", f.ContactorFailsToClose())
    world.plug_in()
    world.wait(20)
    assert world.read("car", "err") == [5, 10]


@pytest.mark.parametrize(("choice", "code"), [("firmware", 16), ("old", 13), ("new", 16)])
def test_the_numbering_can_be_chosen(goe: Make, choice: str, code: int) -> None:
    world = charging(goe(err_table=choice))
    world.begin("heat", f.Overtemp(temperature=90))
    world.wait(10)
    assert world.box.read("err") == code


@pytest.mark.parametrize(("stuck", "old", "new", "cus", "ffb"), [("open", 15, 12, 4, 1)])
def test_a_lock_that_does_not_close(goe: Make, stuck: str, old: int, new: int, cus: int, ffb: int) -> None:
    for firmware, code in (("56.8", old), ("60.5", new)):
        world = goe(firmware=firmware)
        world.begin("lock", f.LockStuck(stuck="open"))
        world.plug_in()
        world.wait(30)
        assert world.read("car", "err", "cus", "ffb") == [5, code, cus, ffb]


def test_a_tripped_rcd_is_over_after_unplugging(goe: Make) -> None:
    world = charging(goe())
    world.begin("leak", f.TripRcd())
    world.wait(60)
    assert world.read("car", "err", "modelStatus") == [5, 1, 26]
    world.wait(600)
    assert world.box.read("err") == 1
    world.unplug()
    world.wait(2)
    assert world.read("car", "err", "modelStatus") == [1, 0, 15]


def test_a_lost_ground_stays_until_a_restart(goe: Make) -> None:
    """Source: go-eCharger-API-v2#165."""
    world = charging(goe())
    world.begin("pe", f.PeLoss())
    world.wait(5)
    world.end("pe")
    world.wait(300)
    assert world.box.read("err") == 8
    world.request("/api/set?rst=true")
    world.wait(60)
    assert world.read("err", "car") == [0, 2]


def test_norway_mode_needs_a_restart(goe: Make) -> None:
    world = goe()
    world.begin("pe", f.PeLoss())
    world.wait(5)
    assert world.read("err", "modelStatus") == [8, 26]
    world.request("/api/set?nmo=true")
    world.wait(60)
    assert world.read("nmo", "err") == [True, 8]
    world.request("/api/set?rst=1")
    world.wait(20)
    assert world.read("err", "modelStatus") == [0, 15]


def test_undervoltage_and_frequency_are_no_errors(goe: Make) -> None:
    world = charging(goe())
    world.begin("low", f.Undervoltage())
    world.wait(10)
    assert world.read("err", "modelStatus", "alw") == [0, 38, False]
    world.end("low")
    world.wait(120)
    world.begin("slow", f.Frequency())
    world.wait(5)
    assert world.read("err", "modelStatus") == [0, 34]


def test_older_firmware_has_no_word_for_undervoltage(goe: Make) -> None:
    world = charging(goe(firmware="56.8"))
    world.begin("low", f.Undervoltage())
    world.wait(10)
    assert world.read("err", "modelStatus", "alw") == [0, 34, False]


@pytest.mark.parametrize(("firmware", "car", "status"), [("56.8", 0, 0), ("60.5", 6, 40)])
def test_a_charge_controller_that_starts(goe: Make, firmware: str, car: int, status: int) -> None:
    world = goe(firmware=firmware)
    world.simulation.submit("garage", RebootController(owner="test"))
    world.wait(2)
    assert world.read("car", "modelStatus", "alw") == [car, status, False]
    world.wait(12)
    assert world.read("car", "modelStatus", "alw") == [1, 15, True]


@pytest.mark.parametrize(("firmware", "car", "status"), [("56.8", 0, 0), ("60.5", 6, 40)])
def test_clients_see_the_start(goe: Make, firmware: str, car: int, status: int) -> None:
    """After a power failure and after `rst`, which leaves the charge controller alone."""
    for cut in (True, False):
        world = charging(goe(firmware=firmware))
        if cut:
            world.outage(after=10.1)
        else:
            world.request("/api/set?rst=true")
            world.wait(10.6)
        assert world.wallbox.up
        assert world.read("car", "modelStatus", "alw", "acu", "err") == [car, status, False, None, 0]
        assert world.now.contactor is not cut
        world.wait(60)
        assert world.read("car", "modelStatus", "alw", "err") == [2, 15, True, 0]


@pytest.mark.parametrize("settings", [{"acs": 1}, {"lmo": 4}])
def test_nothing_flows_after_a_power_failure_that_the_logic_did_not_allow(
    goe: Make, settings: dict[str, object]
) -> None:
    """What it allowed before is lost: the transaction and `frc` do not survive."""
    world = goe(**settings)
    world.request("/api/set?trx=0" if "acs" in settings else "/api/set?frc=2")
    world.charge()
    assert world.read("car") == [2]
    world.outage(after=0)
    energy = world.now.total_energy
    for _ in range(120):
        world.wait(0.5)
        assert not world.now.contactor
    assert world.now.total_energy == energy
    assert world.read("alw", "trx", "frc") == [False, None, 0]


def test_frequency_and_voltage_control(goe: Make) -> None:
    world = charging(goe(ufe=True, ufs=49.5, uve=True, uvt=215.0, uvs=3000))
    world.apply(SetSupply(frequency=49.4))
    world.wait(2)
    assert world.box.read("modelStatus") == 31
    world.apply(SetSupply(frequency=50.0, voltage=210.0))
    world.wait(2)
    assert world.box.read("modelStatus") == 15
    world.wait(3)
    assert world.box.read("modelStatus") == 38


def test_derating(goe: Make) -> None:
    world = charging(goe(amp=32))
    assert world.box.read("amt") == 32
    world.begin("warm", f.Overtemp(temperature=72))
    world.wait(2)
    assert world.read("amt", "acu", "cll.temperatureCurrentLimit", "modelStatus", "err") == [16, 16, 16, 15, 0]
    world.request("/api/set?mca=18")
    world.wait(2)
    assert world.read("modelStatus", "alw", "err") == [1, False, 0], "less than the minimum"
    world.end("warm")


def test_temperatures(goe: Make) -> None:
    assert goe().box.read("tma") == [20, 28]
    world = charging(goe(amp=32))
    world.wait(1800)
    for degrees in world.box.read("tma"):  # type: ignore[attr-defined]
        assert degrees * 8 == int(degrees * 8)


def test_a_silent_charge_controller(goe: Make) -> None:
    world = charging(goe())
    world.begin("link", f.ControllerLinkLost())
    world.wait(2)
    assert world.read("car", "err", "modelStatus", "alw", "acu", "pha") == [None, None, 0, False, None, None]
    assert world.box.read("nrg") == [0] * 16
    world.end("link")
    world.wait(2)
    assert world.read("car", "err", "modelStatus", "alw") == [2, 0, 15, True]


def test_a_silent_meter(goe: Make) -> None:
    world = charging(goe())
    world.begin("meter", f.MeterFault())
    world.wait(2)
    assert world.read("car", "nrg.11", "fhz") == [2, 0, 0]


def test_a_broken_pilot_looks_like_an_empty_socket(goe: Make) -> None:
    world = charging(goe())
    world.begin("wire", f.CpOpen())
    world.wait(2)
    assert world.read("car", "err") == [1, 0]


def test_60_4_forgot_the_meter_of_the_pro(goe: Make) -> None:
    """Source: go-eCharger-API-v2#321."""
    world = charging(goe("pro", "60.4"))
    assert world.box.read("nrg") == [0] * 16
    assert charging(goe("pro", "60.5")).box.read("nrg.11") != 0


def test_old_meters_are_coarse(goe: Make) -> None:
    world = charging(goe("v3-22", "53.1"))
    nrg = world.box.read("nrg")
    assert isinstance(nrg, list)
    assert nrg[0] == int(nrg[0])
    assert nrg[7] % 100 == 0
    assert nrg[11] % 10 == 0
    assert nrg[4] == pytest.approx(round(nrg[4], 1))
    fine = charging(goe("v3-22", "55.5")).box.read("nrg.7")
    assert fine % 100 != 0  # type: ignore[operator]


@pytest.mark.parametrize("firmware", ["55.5", "56.8", "60.5"])
def test_v3_shows_whole_volts_and_no_factor_when_idle(goe: Make, firmware: str) -> None:
    world = goe("v3-22", firmware)
    world.wait(2)
    nrg = world.box.read("nrg")
    assert isinstance(nrg, list)
    assert nrg[:4] == [round(u) for u in nrg[:3]] + [1]
    assert nrg[12:] == [0] * 4


@pytest.mark.parametrize(("firmware", "idle"), [("55.5", 0), ("56.8", 100), ("59.4", 0), ("60.5", 0)])
def test_power_factors_of_an_idle_v4(goe: Make, firmware: str, idle: int) -> None:
    world = goe("gemini-22", firmware)
    world.wait(2)
    assert [world.box.read(f"nrg.{n}") for n in range(12, 16)] == [idle] * 3 + [0]


@pytest.mark.parametrize(
    ("model", "firmware", "factor"), [("gemini-22", "53.7", 100), ("gemini-22", "60.5", 0), ("v3-22", "60.5", 80)]
)
def test_power_factor_of_n_while_charging(goe: Make, model: str, firmware: str, factor: int) -> None:
    assert charging(goe(model, firmware)).box.read("nrg.15") == factor


# --- restarts --------------------------------------------------------------------------------------------------------


def test_a_restart(goe: Make) -> None:
    world = charging(goe())
    boots = world.box.read("rbc")
    world.request("/api/set?frc=2&amp=8&trx=0")
    world.wait(30)
    assert world.request("/api/set?rst=true").body == b'{"rst":true}'
    assert world.box.up
    world.wait(1)
    assert not world.box.up
    assert not world.box.write("amp", 6, CLIENT).ok
    world.wait(9)
    assert not world.box.up
    world.wait(1)
    assert world.box.up
    assert world.box.read("rbc") == boots + 1
    assert world.read("frc", "trx", "amp", "lccfi", "lccfc") == [0, None, 8, None, None]
    rbt = world.box.read("rbt")
    assert isinstance(rbt, int)
    assert 0 <= rbt <= 1000
    assert world.now.contactor, "the charge controller went on"
    world.wait(0.3)
    assert world.box.read("rbt") == rbt + 300


def test_seconds_are_counted_from_the_boot(goe: Make) -> None:
    world = goe()
    world.wait(0.25)
    world.box.reboot(2.0)
    world.wait(3.5)
    world.request("/api/set?frc=1")
    world.wait(0.45)
    assert world.box.read("alw") is True
    world.wait(0.1)
    assert world.box.read("alw") is False
    assert world.box.read("lmsc") == 2000


def test_only_true_or_one_restart(goe: Make) -> None:
    world = goe()
    for value in ("false", "0", "null"):
        assert world.request(f"/api/set?rst={value}").status == 200
        world.wait(2)
        assert world.box.up


def test_a_power_cut(goe: Make) -> None:
    world = charging(goe(amp=10))
    world.request("/api/set?frc=2")
    energy = world.box.read("eto")
    world.apply(PowerCut())
    assert not world.box.up
    world.wait(5)
    world.apply(PowerUp())
    world.wait(9.9)
    assert not world.box.up
    world.wait(30)
    assert world.box.up
    assert world.read("frc", "amp", "rbc", "car") == [0, 10, 2, 2]
    assert world.box.read("eto") >= energy
    assert world.now.state is EvseState.CHARGING


def test_new_firmware_brings_its_tables(goe: Make) -> None:
    world = goe(firmware="56.8", fna="x", amp=9)
    assert "c0n" not in world.get("/api/status")
    world.box.set_firmware("60.5")
    world.wait(20)
    assert world.read("fwv", "c0n", "amp", "fna") == ["60.5", "n/a", 9, "x"]
    assert world.request("/x").body == b"Nothing matches the given URI"
