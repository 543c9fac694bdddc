"""Two clients for a row: a naive one that falls into the trap, and a careful one that does not.

The one rule: which of them it was is told from the journal alone.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from emulator.runtime.journal import Entry

from .clients import Gone, Site, museum, notes, requests, swallowed, writes

Client = Callable[[Site], Awaitable[None]]
Trapped = Callable[[list[Entry]], bool]


@dataclass(frozen=True)
class Pair:
    """Two clients of one row; `trapped` looks at the journal."""

    row: str
    naive: Client
    careful: Client
    trapped: Trapped


PAIRS: list[Pair] = []


def pair(row: str, naive: Client, careful: Client, trapped: Trapped) -> None:
    PAIRS.append(Pair(row, naive, careful, trapped))


@pytest.mark.parametrize("careful", [False, True], ids=["naive", "careful"])
@pytest.mark.parametrize("number", range(25))
async def test_the_journal_tells_them_apart(number: int, careful: bool) -> None:
    found = PAIRS[number]
    async with museum(found.row) as site:
        await (found.careful if careful else found.naive)(site)
        journal = list(site.emulator.simulation.journal)
    assert found.trapped(journal) is not careful


def test_there_are_enough() -> None:
    assert len(PAIRS) == 25
    assert len({found.row for found in PAIRS}) == 25


# --- writes ----------------------------------------------------------------------------------------------------------


async def b59_naive(site: Site) -> None:
    await site.get("nrgkick.http", "/control?current_set=10")
    await site.get("nrgkick.http", "/control?charge_pause=1")


async def b59_careful(site: Site) -> None:
    await site.get("nrgkick.http", "/control?current_set=10")
    for _ in range(3):
        await site.get("nrgkick.http", "/control?charge_pause=1")
        if (await site.json("nrgkick.http", "/control"))["charge_pause"] == 1:
            break
        await site.wait(1)


pair("B59", b59_naive, b59_careful, lambda journal: swallowed(journal, "control.charge_pause"))


async def b63_naive(site: Site) -> None:
    await site.get("nrgkick.http", "/control?phase_count=1")
    await site.get("nrgkick.http", "/control?current_set=16")  # one phase of 16 A is what it wants


async def b63_careful(site: Site) -> None:
    await site.get("nrgkick.http", "/control?phase_count=1")
    phases = (await site.json("nrgkick.http", "/control"))["phase_count"]
    await site.get("nrgkick.http", f"/control?current_set={6 if phases != 1 else 16}")


pair("B63", b63_naive, b63_careful, lambda journal: 16 in writes(journal, "control.current_set"))


async def b78_naive(site: Site) -> None:
    await site.wait(400)
    await site.write_register("bender.modbus", 1000, 0)
    await site.diary("stopped")


async def b78_careful(site: Site) -> None:
    await site.wait(400)
    await site.write_register("bender.modbus", 1000, 0)
    limit = await site.registers("bender.modbus", 1000)
    await site.diary("stopped" if limit == [0] else "not stopped")


pair("B78", b78_naive, b78_careful, lambda journal: "stopped" in notes(journal))


async def b61_naive(site: Site) -> None:
    await site.get("nrgkick.http", "/control?charge_pause=1")
    await site.wait(120)


async def b61_careful(site: Site) -> None:
    for _ in range(12):
        if (await site.json("nrgkick.http", "/control"))["charge_pause"] != 1:
            await site.get("nrgkick.http", "/control?charge_pause=1")
        await site.wait(10)


def still_charging(journal: list[Entry]) -> bool:
    """Current flowed and nobody stopped it afterwards."""
    last = max((i for i, e in enumerate(journal) if e.name == "current_started"), default=-1)
    return last >= 0 and not any(e.name == "current_stopped" for e in journal[last:])


pair("B61", b61_naive, b61_careful, still_charging)

# --- values ----------------------------------------------------------------------------------------------------------


async def b25_naive(site: Site) -> None:
    await site.wait(20)
    status = await site.json("goe.http", "/api/status?filter=nrg,car")
    if status["nrg"][11] == 0:
        await site.get("goe.http", "/api/set?frc=2")  # it does not charge: make it


async def b25_careful(site: Site) -> None:
    await site.wait(20)
    status = await site.json("goe.http", "/api/status?filter=nrg,car")
    if status["nrg"][11] == 0 and status["car"] != 2:
        await site.get("goe.http", "/api/set?frc=2")


pair("B25", b25_naive, b25_careful, lambda journal: writes(journal, "frc") == [2])


async def b28_naive(site: Site) -> None:
    await site.wait(60)
    power = (await site.json("goe.http", "/api/status?filter=nrg"))["nrg"][11]
    if power > 11_500:
        await site.get("goe.http", "/api/set?amp=6")  # far above the house's limit


async def b28_careful(site: Site) -> None:
    await site.wait(60)
    nrg = (await site.json("goe.http", "/api/status?filter=nrg"))["nrg"]
    possible = sum(voltage * current for voltage, current in zip(nrg[:3], nrg[4:7], strict=True))
    if 11_500 < nrg[11] < 1.1 * possible:
        await site.get("goe.http", "/api/set?amp=6")


pair("B28", b28_naive, b28_careful, lambda journal: 6 in writes(journal, "amp"))


async def b33_naive(site: Site) -> None:
    try:
        await _card(site, ["guest", "family"], careful=False)
    except IndexError:
        return  # the program ends here


async def b33_careful(site: Site) -> None:
    await _card(site, ["guest", "family"], careful=True)


async def _card(site: Site, names: list[str], *, careful: bool) -> None:
    number = (await site.json("goe.http", "/api/status?filter=trx"))["trx"]
    index = (number or 0) - 1
    if careful and not 0 <= index < len(names):
        await site.diary("unknown card")
    else:
        await site.diary(names[index])
    await site.get("goe.http", "/api/set?amp=10")


pair("B33", b33_naive, b33_careful, lambda journal: writes(journal, "amp") == [])


async def b34_naive(site: Site) -> None:
    await site.wait(3700)
    energy = (await site.json("goe.http", "/api/status?filter=wh"))["wh"]
    await site.diary(f"billed {energy:.0f}")


async def b34_careful(site: Site) -> None:
    energy = 0.0
    for _ in range(37):
        await site.wait(100)
        energy = max(energy, (await site.json("goe.http", "/api/status?filter=wh"))["wh"])
    await site.diary(f"billed {energy:.0f}")


pair("B34", b34_naive, b34_careful, lambda journal: "billed 0" in notes(journal))


async def b39_naive(site: Site) -> None:
    status = await site.json("goe.http", "/api/status?filter=car,amp")
    if set(status) == {"car", "amp"}:
        await site.get("goe.http", "/api/set?amp=10")


async def b39_careful(site: Site) -> None:
    status = await site.json("goe.http", "/api/status?filter=car,amp")
    if {"car", "amp"} <= set(status):
        await site.get("goe.http", "/api/set?amp=10")


pair("B39", b39_naive, b39_careful, lambda journal: writes(journal, "amp") == [])


async def b66_naive(site: Site) -> None:
    await _phases(site, least=1.0)


async def b66_careful(site: Site) -> None:
    await _phases(site, least=180.0)


async def _phases(site: Site, least: float) -> None:
    flow = (await site.json("nrgkick.http", "/values"))["powerflow"]
    phases = sum(flow[line]["voltage"] > least for line in ("l1", "l2", "l3"))
    await site.get("nrgkick.http", f"/control?current_set={16 if phases == 1 else 6}")


pair("B66", b66_naive, b66_careful, lambda journal: 6 in writes(journal, "control.current_set"))


async def b67_naive(site: Site) -> None:
    await site.wait(61)
    try:
        config = await site.json("lektrico.http", "/rpc/app_config.get")
        await site.diary(f"limit {config['user_current']}")
    except KeyError:
        await site.diary("set-up failed")


async def b67_careful(site: Site) -> None:
    await site.wait(61)
    config = await site.json("lektrico.http", "/rpc/app_config.get")
    await site.diary(f"limit {config.get('user_current', config['install_current'])}")


pair("B67", b67_naive, b67_careful, lambda journal: "set-up failed" in notes(journal))


async def b68_naive(site: Site) -> None:
    await site.wait(61)
    info = await site.json("lektrico.http", "/rpc/active_errors.get")
    await site.diary("ok" if "state_e_activated" in info else "set-up failed")


async def b68_careful(site: Site) -> None:
    await site.wait(61)
    info = await site.json("lektrico.http", "/rpc/active_errors.get")
    await site.diary("error" if info.get("state_e_activated", False) else "ok")


pair("B68", b68_naive, b68_careful, lambda journal: "set-up failed" in notes(journal))


async def b72_naive(site: Site) -> None:
    await site.wait(200)
    (charge,) = await site.registers("bender.modbus", 730) or [0]
    await site.diary("full" if charge >= 80 else "not full")


async def b72_careful(site: Site) -> None:
    await site.wait(200)
    (charge,) = await site.registers("bender.modbus", 730) or [0]
    await site.diary("full" if 80 <= charge <= 100 else "not known")


pair("B72", b72_naive, b72_careful, lambda journal: "full" in notes(journal))


async def b74_naive(site: Site) -> None:
    await _overload(site, most=10**12)


async def b74_careful(site: Site) -> None:
    await _overload(site, most=50_000)


async def _overload(site: Site, most: int) -> None:
    """Sheds load where the house draws too much, unless the measurement cannot be."""
    await site.wait(200)
    for _ in range(3):
        high, low = await site.registers("bender.modbus", 206, 2) or [0, 0]
        if 20_000 < high << 16 | low < most:
            await site.diary("shed load")


pair("B74", b74_naive, b74_careful, lambda journal: "shed load" in notes(journal))


async def b75_naive(site: Site) -> None:
    await site.wait(200)
    if await site.registers("bender.modbus", 222, 2) is None:
        return  # nothing is read behind the first error
    await site.registers("bender.modbus", 206, 2)


async def b75_careful(site: Site) -> None:
    await site.wait(200)
    await site.registers("bender.modbus", 222, 2)
    await site.registers("bender.modbus", 206, 2)


pair("B75", b75_naive, b75_careful, lambda journal: not any("206" in entry.name for entry in requests(journal)))

# --- the line --------------------------------------------------------------------------------------------------------


async def b29_naive(site: Site) -> None:
    for _ in range(10):
        if (await site.get("goe.http", "/api/status"))[0] == 200:
            return


async def b29_careful(site: Site) -> None:
    pause = 5.0
    for _ in range(5):
        if (await site.get("goe.http", "/api/status"))[0] == 200:
            return
        await site.wait(pause)
        pause *= 2


def at_once(journal: list[Entry]) -> bool:
    """More than three requests at the same instant."""
    instants = [entry.at for entry in requests(journal)]
    return max(map(instants.count, instants)) > 3


pair("B29", b29_naive, b29_careful, at_once)


async def b30_naive(site: Site) -> None:
    await site.wait(6 * 3600)
    try:
        await site.get("goe.http", "/api/status")
    except Gone:
        return
    await site.diary("recovered")


async def b30_careful(site: Site) -> None:
    await site.wait(6 * 3600)
    for _ in range(20):
        try:
            await site.get("goe.http", "/api/status?filter=car")
        except Gone:
            await site.wait(900)
        else:
            await site.diary("recovered")
            return


pair("B30", b30_naive, b30_careful, lambda journal: "recovered" not in notes(journal))


async def b40_naive(site: Site) -> None:
    try:
        version = (await site.json("goe.http", "/api/status?filter=fwv"))["fwv"]
    except Gone:
        version = "0"
    await site.diary("supported" if version >= "051" else "not supported")


async def b40_careful(site: Site) -> None:
    for _ in range(30):
        try:
            version = (await site.json("goe.http", "/api/status?filter=fwv"))["fwv"]
        except Gone:
            await site.wait(10)
        else:
            await site.diary("supported" if version >= "051" else "not supported")
            return


pair("B40", b40_naive, b40_careful, lambda journal: "not supported" in notes(journal))


async def b42_naive(site: Site) -> None:
    try:
        await site.get("goe.http", "/api/status?filter=psm")
    except Gone:
        await site.diary("the whole system does not start")


async def b42_careful(site: Site) -> None:
    for _ in range(8):
        try:
            await site.get("goe.http", "/api/status?filter=psm")
        except Gone:
            await site.wait(600)
        else:
            await site.diary("found")
            return


pair("B42", b42_naive, b42_careful, lambda journal: "found" not in notes(journal))


async def b38_naive(site: Site) -> None:
    if await site.upgrade("goe.http", "/ws") == 101:
        await site.diary("connected")


async def b38_careful(site: Site) -> None:
    if await site.upgrade("goe.http", "/ws") == 101 or (await site.get("goe.http", "/api/status?filter=car"))[0] == 200:
        await site.diary("connected")


pair("B38", b38_naive, b38_careful, lambda journal: "connected" not in notes(journal))


async def b48_naive(site: Site) -> None:
    await site.wait(61)
    for _ in range(4):
        try:
            await site.registers("keba.modbus", 1000, 2, unit=255)
        except Gone:
            await site.diary("box lost")
            return


async def b48_careful(site: Site) -> None:
    await site.wait(61)
    for _ in range(4):
        for attempt in range(2):
            try:
                await site.registers("keba.modbus", 1000, 2, unit=255)
                break
            except Gone:
                if attempt:
                    await site.diary("box lost")


pair("B48", b48_naive, b48_careful, lambda journal: "box lost" in notes(journal))


async def b62_naive(site: Site) -> None:
    try:
        await site.get("nrgkick.http", "/info")
    except Gone:
        return
    await site.get("nrgkick.http", "/control?charge_pause=1")


async def b62_careful(site: Site) -> None:
    for _ in range(15):
        try:
            await site.get("nrgkick.http", "/info")
            break
        except Gone:
            await site.wait(60)
    await site.get("nrgkick.http", "/control?charge_pause=1")


pair("B62", b62_naive, b62_careful, lambda journal: writes(journal, "control.charge_pause") == [])


async def b64_naive(site: Site) -> None:
    try:
        await site.get("nrgkick.http", "/values")
    except Gone:
        await site.diary("removed")


async def b64_careful(site: Site) -> None:
    for _ in range(6):
        try:
            await site.get("nrgkick.http", "/values")
            return
        except Gone:
            await site.wait(10)
    await site.diary("removed")


pair("B64", b64_naive, b64_careful, lambda journal: "removed" in notes(journal))

# --- datagrams -------------------------------------------------------------------------------------------------------


async def b50_naive(site: Site) -> None:
    await site.wait(61)
    async with site.talk("keba.udp") as talk:
        talk.send("ena 1")
        await site.diary("done" if "TCH-OK" in await talk.next() else "refused")


async def b50_careful(site: Site) -> None:
    await site.wait(61)
    async with site.talk("keba.udp") as talk:
        talk.send("ena 1")
        while "TCH" not in (answer := await talk.next()):
            json.loads(answer)  # something else that the box had to say
        await site.diary("done" if "TCH-OK" in answer else "refused")


pair("B50", b50_naive, b50_careful, lambda journal: "refused" in notes(journal))


async def b51_naive(site: Site) -> None:
    await _search(site, patience=0.1)


async def b51_careful(site: Site) -> None:
    await _search(site, patience=5.0)


async def _search(site: Site, patience: float) -> None:
    await site.wait(61)
    async with site.talk("keba.udp") as talk:
        talk.send("report 1")
        try:
            await talk.next(patience)
        except Gone:
            await site.diary("no charging station found")


pair("B51", b51_naive, b51_careful, lambda journal: "no charging station found" in notes(journal))
