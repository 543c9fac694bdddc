"""One wallbox as tests see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..devices.interfaces import MqttInterface
from ..errors import EmulatorError, did_you_mean
from ..world.quantities import read

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..protocols.server import Endpoint
    from ..service.emulator import Emulator
    from .background import Background


class WallboxFixture:
    """One wallbox under test, and where a client finds it."""

    def __init__(self, background: Background, emulator: Emulator, wallbox: Wallbox) -> None:
        self._background = background
        self._emulator = emulator
        self.name = wallbox.address
        """`charger.goe`"""
        self.charger = wallbox.charger
        self.serial = wallbox.serial

    def __repr__(self) -> str:
        return f"<wallbox {self.name}>"

    @property
    def host(self) -> str:
        """Address of its interfaces."""
        return next((endpoint.host for endpoint in self._endpoints), "127.0.0.1")

    def port(self, interface: str = "http") -> int:
        """Port of an interface. EmulatorError with the known names if there is none."""
        ports = {endpoint.name: endpoint.port for endpoint in self._endpoints if endpoint.port}
        if interface not in ports:
            raise EmulatorError(f'{self.name} listens on no "{interface}"{did_you_mean(interface, ports)}')
        return ports[interface]

    @property
    def http_url(self) -> str:
        """`http://127.0.0.1:40123`"""
        return f"http://{self.host}:{self.port('http')}"

    @property
    def mqtt_prefix(self) -> str:
        """What its topics begin with."""
        for interface in self._wallbox.interfaces.values():
            if isinstance(interface, MqttInterface):
                return self._background.call(interface.prefix)
        raise EmulatorError(f"{self.name} has no MQTT")

    @property
    def settings(self) -> dict[str, object]:
        """What its firmware stores."""
        settings = self._wallbox.settings
        return self._background.call(lambda: {name: settings[name] for name in settings})

    def read(self, value: str) -> object:
        """A vendor value as a client would see it: `car`, `modbus.210`. EmulatorError with a suggestion if unknown."""
        return self._background.call(lambda: read(self._emulator.site, f"{self.name}.{value}"))

    @property
    def _wallbox(self) -> Wallbox:
        return self._emulator.site.wallboxes[self.name]

    @property
    def _endpoints(self) -> list[Endpoint]:
        """Where its interfaces are served."""
        found = self._emulator.servers.items()
        return [server.endpoint for name, server in found if name.startswith(f"{self.name}.")]
