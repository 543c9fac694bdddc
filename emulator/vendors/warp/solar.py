"""Solar forecast: six planes, fed by a forecast service or by a client.

The one rule: a forecast is Wh per hour from `first_date` (Unix minutes) on; the sums are made anew each full hour.
Source: Tinkerforge esp32-firmware, `modules/solar_forecast`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import MINUTE, SECOND, Instant
from ...devices.interfaces import Origin
from .models import WARP2_UP
from .rows import AnyRow, Command, Config, Document
from .schema import BOOL, U32, Arr, Int, Schema, Str, obj, sint, uint

if TYPE_CHECKING:
    from .wallbox import Warp

FW: Final = "fw: modules/solar_forecast"
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
_NO_DATA: Final = {"first_date": 0, "resolution": 1, "forecast": []}


class SolarForecast:
    """The forecasts one box knows."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._hour = box.timer(self._next_hour)
        self._call = box.timer(self._called)

    @property
    def exists(self) -> bool:
        return CONFIG in self._box.api.states

    @property
    def _minutes(self) -> int:
        return self._box.unix_time() // 60 if self._box.clock_known else 0

    def boot(self) -> None:
        if self.exists:
            self.plan()

    def stop(self) -> None:
        self._hour.clear()
        self._call.clear()

    def plane(self, index: int) -> dict[str, Any]:
        return cast("dict[str, Any]", self._box.api.document(f"solar_forecast/planes/{index}/config"))

    def plane_changed(self, index: int) -> None:
        """Its configuration was written: what was known of it is dropped."""
        path = f"solar_forecast/planes/{index}"
        self._box.api.put(f"{path}/state", {"last_sync": 0, "last_check": 0, "next_check": 0, "place": "Unknown"})
        self._box.api.put(f"{path}/forecast", {**_NO_DATA, "forecast": []})
        self.sum_up()
        self.plan()

    # --- the service -------------------------------------------------------------------------------------------------

    def plan(self, retry: int | None = None) -> None:
        """When the service is called next. ASSUMED: it never answers."""
        box = self._box
        config = cast("dict[str, Any]", box.api.document(CONFIG))
        wanted = config["enable"] and config.get("source", SERVICE) == SERVICE and box.clock_known
        due = any(self.plane(index)["enable"] for index in range(PLANES))
        wait = 0 if due else IDLE
        if retry is not None:
            wait = max(wait, retry)
        if wanted or box.clock_known:
            box.api.update(STATE, next_api_call=self._minutes + wait)
        if wanted and due:
            self._call.set(box.simulation.at + (wait * MINUTE or FIRST_CALL))
        else:
            self._call.clear()

    def _called(self, _: Instant) -> None:
        box = self._box
        index = next((k for k in range(PLANES) if self.plane(k)["enable"]), None)
        if index is not None:
            box.api.update(f"solar_forecast/planes/{index}/state", last_check=self._minutes)
            box.log("solar_forecast", f"Next solar forecast API call will be in {RETRY} minutes")
        self.plan(RETRY)
        box.changed()

    # --- pushed ------------------------------------------------------------------------------------------------------

    def push(self, index: int, forecast: dict[str, Any]) -> str | None:
        """A client brings a forecast; the plane is switched on if it was not."""
        api = self._box.api
        if not api.flag(CONFIG, "enable"):
            return NOT_ENABLED
        if api.integer(CONFIG, "source") != PUSH:
            return NOT_PUSH
        path = f"solar_forecast/planes/{index}"
        api.update(f"{path}/config", enable=True)
        api.put(f"{path}/forecast", forecast)
        api.update(f"{path}/state", last_sync=self._minutes, last_check=self._minutes)
        self.sum_up()
        return None

    # --- sums --------------------------------------------------------------------------------------------------------

    def between(self, start: int, end: int) -> int:
        """Wh of all planes in these Unix minutes; -1: nothing is known."""
        total, known = 0, False
        for index in range(PLANES):
            found = cast("dict[str, Any]", self._box.api.document(f"solar_forecast/planes/{index}/forecast"))
            first, hours = found["first_date"], found["forecast"]
            if not self.plane(index)["enable"] or not first or end < first:
                continue
            begin = max(0, (start - first) // 60)
            if begin >= len(hours):
                continue
            known = True
            total += sum(hours[begin : (end - first) // 60 + 1])
        return total if known else -1

    def sum_up(self) -> None:
        """Today, what is left of it, and tomorrow."""
        box = self._box
        local = datetime.fromtimestamp(self._minutes * 60, UTC).astimezone(box.automation.zone)
        today = int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) // 60
        known = box.clock_known
        end = today + 24 * 60 - 1
        box.api.update(
            STATE,
            wh_today=self.between(today, end) if known else -1,
            wh_today_remaining=self.between(self._minutes, end) if known else -1,
            wh_tomorrow=self.between(end + 1, end + 24 * 60) if known else -1,
        )
        if box.api.integer(STATE, "wh_today") >= 0 or box.api.integer(STATE, "wh_tomorrow") >= 0:
            now = box.clock.utc(box.simulation.at)
            past = timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
            wait = timedelta(hours=1) - past
            self._hour.set(box.simulation.at + round(wait / timedelta(microseconds=1)))
        else:
            self._hour.clear()

    def _next_hour(self, _: Instant) -> None:
        self.sum_up()
        self._box.changed()


def _check_url(_: Warp, value: object) -> str | None:
    url = cast("dict[str, str]", value)["api_url"]
    return NOT_HTTPS if url and not url.startswith("https://") else None


def _config(*, pushed: bool) -> Config:
    members: dict[str, Schema] = {"enable": BOOL}
    if pushed:
        members["source"] = uint(0, 1, width=8)
    members |= {"api_url": Str(0, 64, "https://api.forecast.solar/"), "cert_id": sint(-1, 7, -1, width=8)}
    return Config(
        name=CONFIG,
        schema=obj(**members),
        validate=_check_url,
        applied=lambda box, _, __: box.solar.plan(),
        models=WARP2_UP,
        since="2.10.0" if pushed else None,
        until=None if pushed else "2.10.0",
        source=FW,
        assumed="push mode since 2.10.0",
    )


_FORECAST: Final = obj(first_date=U32, resolution=uint(0, 1, 1, width=8), forecast=Arr(U32, MOST))


def _plane(index: int) -> tuple[AnyRow, ...]:
    path = f"solar_forecast/planes/{index}"

    def push(box: Warp, value: object, _: Origin) -> str | None:
        return box.solar.push(index, cast("dict[str, Any]", value))

    return (
        Config(
            name=f"{path}/config",
            schema=obj(
                enable=BOOL,
                name=Str(0, 16),
                lat=sint(-900_000, 900_000),
                long=sint(-1_800_000, 1_800_000),
                dec=uint(0, 90, width=8),
                az=sint(-180, 180),
                wp=U32,
            ),
            applied=lambda box, _, __: box.solar.plane_changed(index),
            models=WARP2_UP,
            source=FW,
            about="degrees/10000, degrees, degrees, W peak",
        ),
        Document(
            name=f"{path}/state",
            schema=obj(last_sync=U32, last_check=U32, next_check=U32, place=Str(0, 128, "Unknown")),
            models=WARP2_UP,
            source=FW,
        ),
        Document(name=f"{path}/forecast", schema=_FORECAST, models=WARP2_UP, source=FW),
        Command(
            name=f"{path}/forecast_update",
            schema=_FORECAST,
            run=push,
            action=True,
            models=WARP2_UP,
            since="2.10.0",
            source=FW,
        ),
    )


ROWS: Final[tuple[AnyRow, ...]] = (
    _config(pushed=False),
    _config(pushed=True),
    Document(
        name=STATE,
        schema=obj(
            wh_today=Int(32, True, value=-1),
            wh_today_remaining=Int(32, True, value=-1),
            wh_tomorrow=Int(32, True, value=-1),
            rate_limit=Int(8, True, value=-1),
            rate_remaining=Int(8, True, value=-1),
            next_api_call=U32,
        ),
        models=WARP2_UP,
        source=FW,
    ),
    *(row for index in range(PLANES) for row in _plane(index)),
)
