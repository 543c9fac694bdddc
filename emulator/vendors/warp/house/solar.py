"""Solar forecast: six planes, fed by a forecast service or by a client.

The one rule: a forecast is Wh per hour from `first_date` (Unix minutes) on; the sums are made again each full hour.
Source: Tinkerforge esp32-firmware, `modules/solar_forecast`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MINUTE, SECOND, Instant
from ..api.documents import Doc
from ..api.rows import AnyRow, Config, Source
from ..api.schema import BOOL, U32, Int, Schema, Str, sint, uint
from ..api.shapes import Arr, obj
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from .prices import HOURLY, NO_DATE, only_https

FW: Final = Source("fw: modules/solar_forecast", models=WARP2_UP)
CONFIG: Final = "solar_forecast/config"
STATE: Final = "solar_forecast/state"
PLANES: Final = 6
MOST: Final = 49
"""Hours: two days, and one more when the clocks change."""
SERVICE, PUSH = range(2)
FIRST_CALL: Final = 5 * SECOND // 2
RETRY: Final = 30
"""min after a call that failed."""
IDLE: Final = 120
"""min between calls."""
NOT_HTTPS: Final = "HTTPS required for Solar Forecast API URL"
NOT_ENABLED: Final = "Solar forecast not enabled"
NOT_PUSH: Final = "Solar forecast not in push mode"
NO_FORECAST: Final = "forecast array must not be empty"
NOT_HOURLY: Final = "resolution must be 60 minutes"
_NO_DATA: Final = {"first_date": 0, "resolution": 1, "forecast": []}


class SolarForecast(Module):
    """The forecasts one wallbox knows."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._hour = self.platform.timer(self._next_hour)
        self._call = self.platform.timer(self._called)

    @property
    def exists(self) -> bool:
        return CONFIG in self.api.states

    def boot(self) -> None:
        if self.exists:
            self.plan()

    def stop(self) -> None:
        self._hour.clear()
        self._call.clear()

    def plane(self, index: int) -> Doc:
        return self.api.doc(f"solar_forecast/planes/{index}/config")

    def plane_changed(self, index: int) -> None:
        """Its configuration was written: what was known of it is dropped."""
        path = f"solar_forecast/planes/{index}"
        self.api.put(f"{path}/state", {"last_sync": 0, "last_check": 0, "next_check": 0, "place": "Unknown"})
        self.api.put(f"{path}/forecast", {**_NO_DATA, "forecast": []})
        self.sum_up()
        self.plan()

    # --- the service -------------------------------------------------------------------------------------------------

    def plan(self, retry: int | None = None) -> None:
        """When the service is called next. ASSUMED: it never answers."""
        config = self.api.doc(CONFIG)
        wanted = config.flag("enable") and config.integer("source", SERVICE) == SERVICE and self.platform.clock.known
        due = any(self.plane(index).flag("enable") for index in range(PLANES))
        wait = 0 if due else IDLE
        if retry is not None:
            wait = max(wait, retry)
        if wanted or self.platform.clock.known:
            self.api.update(STATE, next_api_call=self.platform.clock.minutes + wait)
        if wanted and due:
            self._call.set(self.platform.at + (wait * MINUTE or FIRST_CALL))
        else:
            self._call.clear()

    def _called(self, _: Instant) -> None:
        index = next((k for k in range(PLANES) if self.plane(k).flag("enable")), None)
        if index is not None:
            self.api.update(f"solar_forecast/planes/{index}/state", last_check=self.platform.clock.minutes)
            self.log("solar_forecast", f"Next solar forecast API call will be in {RETRY} minutes")
        self.plan(RETRY)
        self.platform.changed()

    # --- pushed ------------------------------------------------------------------------------------------------------

    def push(self, index: int, forecast: Doc) -> str | None:
        """A client brings a forecast; the plane is switched on if it was not."""
        api = self.api
        if not api.flag(CONFIG, "enable"):
            return NOT_ENABLED
        if api.integer(CONFIG, "source") != PUSH:
            return NOT_PUSH
        if not forecast.integer("first_date"):
            return NO_DATE
        if forecast["resolution"] != HOURLY:
            return NOT_HOURLY
        if not forecast.integers("forecast"):
            return NO_FORECAST
        path = f"solar_forecast/planes/{index}"
        api.update(f"{path}/config", enable=True)
        api.put(f"{path}/forecast", forecast.value)
        api.update(f"{path}/state", last_sync=self.platform.clock.minutes, last_check=self.platform.clock.minutes)
        self.sum_up()
        return None

    # --- sums --------------------------------------------------------------------------------------------------------

    def between(self, start: int, end: int) -> int:
        """Energy of all planes in these Unix minutes [Wh]; -1: nothing is known."""
        total, known = 0, False
        for index in range(PLANES):
            found = self.api.doc(f"solar_forecast/planes/{index}/forecast")
            first, hours = found.integer("first_date"), found.integers("forecast")
            if not self.plane(index).flag("enable") or not first or end < first:
                continue
            begin = max(0, (start - first) // 60)
            if begin >= len(hours):
                continue
            known = True
            total += sum(hours[begin : (end - first) // 60 + 1])
        return total if known else -1

    def sum_up(self) -> None:
        """Today, what is left of it, and tomorrow."""
        clock = self.platform.clock
        today = clock.midnight()
        end = today + 24 * 60 - 1
        sums = ((today, end), (clock.minutes, end), (end + 1, end + 24 * 60))
        whole, rest, tomorrow = (self.between(*span) if clock.known else -1 for span in sums)
        self.api.update(STATE, wh_today=whole, wh_today_remaining=rest, wh_tomorrow=tomorrow)
        self._hour.set(self.platform.at + clock.until_next(60) if max(whole, tomorrow) >= 0 else None)

    def _next_hour(self, _: Instant) -> None:
        self.sum_up()
        self.platform.changed()


def _config(*, pushed: bool) -> Config[SolarForecast]:
    members: dict[str, Schema] = {"enable": BOOL}
    if pushed:
        members["source"] = uint(0, 1, width=8)
    members |= {"api_url": Str(0, 64, "https://api.forecast.solar/"), "cert_id": sint(-1, 7, -1, width=8)}
    return FW.config(
        CONFIG,
        obj(**members),
        validate=only_https(NOT_HTTPS),
        applied=lambda m, _, __: m.plan(),
        since="2.10.0" if pushed else None,
        until=None if pushed else "2.10.0",
        assumed="push mode since 2.10.0",
    )


_FORECAST: Final = obj(first_date=U32, resolution=uint(0, 1, 1, width=8), forecast=Arr(U32, MOST))


def _plane(index: int) -> tuple[AnyRow[SolarForecast], ...]:
    path = f"solar_forecast/planes/{index}"

    return (
        FW.config(
            f"{path}/config",
            obj(
                enable=BOOL,
                name=Str(0, 16),
                lat=sint(-900_000, 900_000),
                long=sint(-1_800_000, 1_800_000),
                dec=uint(0, 90, width=8),
                az=sint(-180, 180),
                wp=U32,
            ),
            applied=lambda m, _, __: m.plane_changed(index),
            about="degrees/10000, degrees, degrees, W peak",
        ),
        FW.document(f"{path}/state", obj(last_sync=U32, last_check=U32, next_check=U32, place=Str(0, 128, "Unknown"))),
        FW.document(f"{path}/forecast", _FORECAST),
        FW.command(
            f"{path}/forecast_update",
            lambda m, doc: m.push(index, doc),
            _FORECAST,
            action=True,
            since="2.10.0",
            assumed="the texts about an empty list and another resolution",
        ),
    )


ROWS: Final[tuple[AnyRow[SolarForecast], ...]] = (
    _config(pushed=False),
    _config(pushed=True),
    FW.document(
        STATE,
        obj(
            wh_today=Int(32, True, value=-1),
            wh_today_remaining=Int(32, True, value=-1),
            wh_tomorrow=Int(32, True, value=-1),
            rate_limit=Int(8, True, value=-1),
            rate_remaining=Int(8, True, value=-1),
            next_api_call=U32,
        ),
    ),
    *(row for index in range(PLANES) for row in _plane(index)),
)
