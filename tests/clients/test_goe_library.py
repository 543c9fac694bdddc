"""go-e as the library goe sees it, in the house and through the maker's cloud."""

from __future__ import annotations

import ssl
import urllib.request

import pytest
from goe.charger import GoEChargerClient
from goe.charger.enums import CarState
from goe.json_client import CloudJsonClient

from emulator.testing.fixture import EmulatorFixture


@pytest.mark.parametrize(("model", "firmware"), [("gemini-22", "60.5"), ("v3-11", "55.5")])
def test_every_component_can_be_read(emulator: EmulatorFixture, model: str, firmware: str) -> None:
    goe = emulator.start("goe", model=model, firmware=firmware)
    client = GoEChargerClient.local(goe.http_url.removeprefix("http://"))
    assert client.get_status().car_state is CarState.Idle
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    for found in client.get_many(client.supported_components()):
        assert found is not None
    status = client.get_status()
    assert status.car_state is CarState.Charging
    assert status.energies.power_total == pytest.approx(10_700, rel=0.02)


def test_through_the_cloud(emulator: EmulatorFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    goe = emulator.start("goe")
    # The library trusts what the system trusts, which the certificate of the emulated cloud is not part of.
    monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_unverified_context)
    monkeypatch.setattr(urllib.request, "_opener", None)  # an earlier one keeps the trust it was made with
    domain = f"https://{goe.host}:{goe.port('cloud')}"
    client = GoEChargerClient(CloudJsonClient(str(goe.settings["cak"]), domain=domain))
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    assert client.get_status().car_state is CarState.Charging
    assert client.get_meta().serial_number == goe.serial
    with pytest.raises(OSError, match="403"):
        GoEChargerClient(CloudJsonClient("wrong", domain=domain)).get_status()
