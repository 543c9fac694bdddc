"""Day-ahead prices: from a market, pushed by a client, with a weekly calendar on top.

The one rule: prices are ct/1000 per kWh, times are Unix minutes; the current price changes with the quarter of an hour.
Source: Tinkerforge esp32-firmware, `modules/day_ahead_prices`; warp-charger, `api_doc_generator/day_ahead_prices.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import SECOND, Instant
from ...devices.interfaces import Origin
from .models import WARP2_UP
from .rows import AnyRow, Command, Config, Document
from .schema import BOOL, I16, I32, U32, Arr, Int, Schema, Str, obj, sint, uint

if TYPE_CHECKING:
    from .wallbox import Warp

FW: Final = "fw: modules/day_ahead_prices"
CONFIG: Final = "day_ahead_prices/config"
STATE: Final = "day_ahead_prices/state"
PRICES: Final = "day_ahead_prices/prices"
CALENDAR: Final = "day_ahead_prices/calendar"
TRIGGER: Final = 20
NO_PRICE: Final = 0x7FFFFFFF
MOST: Final = 200
"""25 hours of quarters on two days."""
QUARTERS: Final = 672
"""Of a week, from Monday 0:00 local time."""
SPOT, PUSH = range(2)
QUARTER, HOURLY = range(2)
NOT_HTTPS: Final = "HTTPS required for Day Ahead Price API URL"
NOT_ENABLED: Final = "Day ahead prices not enabled"
NOT_PUSH: Final = "Day ahead prices not in push mode"
_FORGETTING: Final = ("source", "region", "resolution", "enable", "api_url", "cert_id")
"""A change of any of these drops the prices."""


class DayAheadPrices:
    """The prices one box knows."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._quarter = box.timer(self._next_quarter)
        self._fetch = box.timer(self._check)
        self._first = 0
        self._step = 60
        self._spot: list[int] = []

    @property
    def exists(self) -> bool:
        """WARP1 has no such module."""
        return CONFIG in self._box.api.states

    @property
    def _config(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._box.api.document(CONFIG))

    @property
    def _minutes(self) -> int:
        return self._box.unix_time() // 60 if self._box.clock_known else 0

    # --- life --------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        if self.exists:
            self._forget()

    def stop(self) -> None:
        self._quarter.clear()
        self._fetch.clear()

    def changed(self, new: dict[str, Any], old: dict[str, Any]) -> None:
        """The configuration was written."""
        if any(new.get(name) != old.get(name) for name in _FORGETTING):
            self._forget()
        else:
            self.show()

    def _forget(self) -> None:
        self._first, self._spot = 0, []
        self._step = 15 if self._config["resolution"] == QUARTER else 60
        empty = {"last_sync": 0, "last_check": 0, "next_check": 0, "current_price": NO_PRICE}
        self._box.api.put(STATE, empty)
        self._fetch.clear()
        if self._config["enable"] and self._config.get("source", SPOT) == SPOT:
            self._check(self._box.simulation.at)
        self.show()

    # --- where they come from ----------------------------------------------------------------------------------------

    def push(self, first: int, resolution: int, prices: list[int]) -> str | None:
        """A client brings prices."""
        if not self._config["enable"]:
            return NOT_ENABLED
        if self._config["source"] != PUSH:
            return NOT_PUSH
        self._take(first, 15 if resolution == QUARTER else 60, prices)
        return None

    def _take(self, first: int, step: int, prices: list[int]) -> None:
        self._first, self._step, self._spot = first, step, list(prices)
        now = self._minutes
        self._box.api.update(STATE, last_sync=now, last_check=now)
        self.show()

    def _check(self, at: Instant) -> None:
        """Ask the market's server once a minute, until it has answered for the day."""
        box = self._box
        if box.clock_known and box.settings.flag("internet"):
            day = cast("list[int]", box.settings["market_prices"])
            box.api.update(STATE, last_check=self._minutes)
            if day:
                midnight = self._midnight()
                tomorrow = [day[hour % len(day)] for hour in range(48)]
                self._take(midnight, 60, tomorrow)
                box.api.update(STATE, next_check=midnight + 24 * 60)
                self._fetch.set(at + (midnight + 24 * 60 - self._minutes) * 60 * SECOND)
                box.changed()
                return
            box.log("day_ahead_prices", f"Server {self._url()} did not respond")
        self._fetch.set(at + 60 * SECOND)
        box.touch()

    def _url(self) -> str:
        config = self._config
        region, resolution = ("de", "at", "lu")[config["region"]], ("15min", "60min")[config["resolution"]]
        return f"{config['api_url'].rstrip('/')}/v1/day_ahead_prices/{region}/{resolution}"

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Put the prices with the calendar on top into the states, and look at the current one."""
        config = self._config
        first, step, prices = self._first, self._step, self._spot
        if config["enable"] and config.get("enable_calendar"):
            first, step, prices = self._with_calendar()
        self._box.api.put(
            PRICES, {"first_date": first, "resolution": QUARTER if step == 15 else HOURLY, "prices": prices}
        )
        self.look()

    def _with_calendar(self) -> tuple[int, int, list[int]]:
        """ASSUMED: hourly prices are split into quarters; without prices the calendar counts for two days."""
        box = self._box
        weekly = cast("dict[str, list[int]]", box.api.document(CALENDAR))["prices"]
        if self._spot:
            first = self._first
            quarters = [price for price in self._spot for _ in range(self._step // 15)][:MOST]
        elif self._config["source"] == PUSH and box.clock_known:
            first, quarters = self._midnight(), [0] * 192
        else:
            return self._first, self._step, []
        return first, 15, [price + weekly[self._slot(first + 15 * k)] * 10 for k, price in enumerate(quarters)]

    def _slot(self, minutes: int) -> int:
        local = datetime.fromtimestamp(minutes * 60, UTC).astimezone(self._box.automation.zone)
        return (local.weekday() * 96 + local.hour * 4 + local.minute // 15) % QUARTERS

    def _midnight(self) -> int:
        """The begin of today in local time, Unix minutes."""
        local = datetime.fromtimestamp(self._minutes * 60, UTC).astimezone(self._box.automation.zone)
        return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) // 60

    def look(self) -> None:
        """The price of this quarter of an hour; rules hear of a new one."""
        box = self._box
        shown = cast("dict[str, Any]", box.api.document(PRICES))
        step = 15 if shown["resolution"] == QUARTER else 60
        index = (self._minutes - shown["first_date"]) // step
        price = shown["prices"][index] if 0 <= index < len(shown["prices"]) else NO_PRICE
        before = box.api.integer(STATE, "current_price")
        box.api.update(STATE, current_price=price)
        if shown["prices"]:
            now = box.clock.utc(box.simulation.at)
            past = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
            wait = timedelta(minutes=15) - past
            self._quarter.set(box.simulation.at + round(wait / timedelta(microseconds=1)))
        else:
            self._quarter.clear()
        if price not in (NO_PRICE, before):
            box.automation.fire(TRIGGER, lambda rule: self._matches(rule, price))

    def _next_quarter(self, _: Instant) -> None:
        if self._config.get("enable_calendar") and not self._spot:
            self.show()
        else:
            self.look()
        self._box.changed()

    @property
    def average(self) -> int | None:
        """Of today, ct/1000 per kWh; None: no price is known."""
        shown = cast("dict[str, Any]", self._box.api.document(PRICES))
        step = 15 if shown["resolution"] == QUARTER else 60
        start = self._midnight()
        times = ((shown["first_date"] + k * step, price) for k, price in enumerate(shown["prices"]))
        today = [price for at, price in times if start <= at <= start + 24 * 60 - 1]
        return int(sum(today) / len(today)) if today else None

    def _matches(self, rule: dict[str, int], price: int) -> bool:
        if rule["type"] == 0:
            average = self.average
            if average is None:
                return False
            threshold = int(average * rule["value"] / 100)
        else:
            threshold = rule["value"] * 1000
        return price > threshold if rule["comparison"] == 0 else price < threshold


def _check_url(_: Warp, value: object) -> str | None:
    url = cast("dict[str, str]", value)["api_url"]
    return NOT_HTTPS if url and not url.startswith("https://") else None


def _push(box: Warp, value: object, _: Origin) -> str | None:
    found = cast("dict[str, Any]", value)
    return box.prices.push(found["first_date"], found["resolution"], found["prices"])


def _members(*, pushed: bool) -> dict[str, Schema]:
    found: dict[str, Schema] = {"enable": BOOL}
    if pushed:
        found["source"] = uint(0, 1, width=8)
    found |= {
        "api_url": Str(0, 64, "https://api.warp-charger.com/"),
        "region": uint(0, 2, width=8),
        "resolution": uint(0, 1, QUARTER if pushed else HOURLY, width=8),
        "cert_id": sint(-1, 7, -1, width=8),
        "vat": uint(0, 10000),
        "grid_costs_and_taxes": uint(0, 99000),
        "supplier_markup": uint(0, 99000),
        "supplier_base_fee": uint(0, 99000),
    }
    if pushed:
        found["enable_calendar"] = BOOL
    return found


def _config(*, pushed: bool) -> Config:
    return Config(
        name=CONFIG,
        schema=obj(**_members(pushed=pushed)),
        validate=_check_url,
        applied=lambda box, new, old: box.prices.changed(cast("dict[str, Any]", new), cast("dict[str, Any]", old)),
        models=WARP2_UP,
        since="2.10.0" if pushed else None,
        until=None if pushed else "2.10.0",
        source=FW,
        assumed="push mode and calendar since 2.10.0",
    )


_PRICES: Final = obj(first_date=U32, resolution=uint(0, 1, HOURLY, width=8), prices=Arr(I32, MOST))
ROWS: Final[tuple[AnyRow, ...]] = (
    _config(pushed=False),
    _config(pushed=True),
    Document(
        name=STATE,
        schema=obj(last_sync=U32, last_check=U32, next_check=U32, current_price=Int(32, True, value=NO_PRICE)),
        models=WARP2_UP,
        source=FW,
    ),
    Document(name=PRICES, schema=_PRICES, models=WARP2_UP, source=FW),
    Command(
        name="day_ahead_prices/prices_update",
        schema=_PRICES,
        run=_push,
        action=True,
        models=WARP2_UP,
        since="2.10.0",
        source=FW,
    ),
    Config(
        name=CALENDAR,
        schema=obj(prices=Arr(I16, QUARTERS, QUARTERS, (0,) * QUARTERS)),
        applied=lambda box, _, __: box.prices.show(),
        models=WARP2_UP,
        since="2.10.0",
        source="doc: day_ahead_prices/calendar",
        about="ct/100 per kWh on top of each quarter of an hour of the week",
    ),
)
