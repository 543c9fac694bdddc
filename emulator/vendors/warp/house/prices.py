"""Day-ahead prices: from a market, pushed by a client, with a weekly calendar on top.

The one rule: prices are ct/1000 per kWh, times are Unix minutes; the current price changes with the quarter of an hour.
Source: Tinkerforge esp32-firmware, `modules/day_ahead_prices`; warp-charger, `api_doc_generator/day_ahead_prices.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ....core.instant import SECOND, Instant
from ..api.documents import Doc
from ..api.rows import AnyRow, Config, Source
from ..api.schema import BOOL, I16, I32, U32, Int, Schema, Str, sint, uint
from ..api.shapes import Arr, obj
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..settings import INTERNET, MARKET_PRICES

FW: Final = Source("fw: modules/day_ahead_prices", models=WARP2_UP)
CONFIG: Final = "day_ahead_prices/config"
STATE: Final = "day_ahead_prices/state"
PRICES: Final = "day_ahead_prices/prices"
CALENDAR: Final = "day_ahead_prices/calendar"
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
NO_DATE: Final = "first_date must be non-zero"
NO_PRICES: Final = "prices array must not be empty"
HOURLY_CALENDAR: Final = "Calendar prices are not compatible with a resolution of 60 minutes"
_FORGETTING: Final = ("source", "region", "resolution", "enable", "api_url", "cert_id")
"""A change of any of these drops the prices."""


class DayAheadPrices(Module):
    """The prices one wallbox knows."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._quarter = self.platform.timer(self._next_quarter)
        self._fetch = self.platform.timer(self._check)
        self._first = 0
        self._step = 60
        self._spot: list[int] = []

    @property
    def exists(self) -> bool:
        """WARP1 has no such module."""
        return CONFIG in self.api.states

    @property
    def _config(self) -> Doc:
        return self.api.doc(CONFIG)

    # --- life --------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        if self.exists:
            self._forget()

    def stop(self) -> None:
        self._quarter.clear()
        self._fetch.clear()

    def changed(self, new: Doc, old: Doc) -> None:
        """The configuration was written."""
        if any(new.members.get(name) != old.members.get(name) for name in _FORGETTING):
            self._forget()
        else:
            self.show()

    def _forget(self) -> None:
        self._first, self._spot = 0, []
        self._step = _step(self._config)
        empty = {"last_sync": 0, "last_check": 0, "next_check": 0, "current_price": NO_PRICE}
        self.api.put(STATE, empty)
        self._fetch.clear()
        if self._config.flag("enable") and self._config.integer("source", SPOT) == SPOT:
            self._check(self.platform.at)
        self.show()

    # --- where they come from ----------------------------------------------------------------------------------------

    def push(self, doc: Doc) -> str | None:
        """A client brings prices."""
        if not self._config.flag("enable"):
            return NOT_ENABLED
        if self._config["source"] != PUSH:
            return NOT_PUSH
        if not doc.integer("first_date"):
            return NO_DATE
        if not doc.integers("prices"):
            return NO_PRICES
        self._take(doc.integer("first_date"), _step(doc), doc.integers("prices"))
        return None

    def reset_calendar(self) -> None:
        """The calendar is empty, as it left the factory."""
        self.api.put(CALENDAR, {"prices": []})
        self.show()

    def _take(self, first: int, step: int, prices: list[int]) -> None:
        self._first, self._step, self._spot = first, step, list(prices)
        now = self.platform.clock.minutes
        self.api.update(STATE, last_sync=now, last_check=now)
        self.show()

    def _check(self, at: Instant) -> None:
        """Ask the market's server once a minute, until it has answered for the day."""
        if self.platform.clock.known and self.settings[INTERNET]:
            day = self.settings[MARKET_PRICES]
            self.api.update(STATE, last_check=self.platform.clock.minutes)
            if day:
                midnight = self.platform.clock.midnight()
                tomorrow = [day[hour % len(day)] for hour in range(48)]
                self._take(midnight, 60, tomorrow)
                self.api.update(STATE, next_check=midnight + 24 * 60)
                self._fetch.set(at + (midnight + 24 * 60 - self.platform.clock.minutes) * 60 * SECOND)
                self.platform.changed()
                return
            self.log("day_ahead_prices", f"API server {self._config.text('api_url')} did not respond in time")
        self._fetch.set(at + 60 * SECOND)
        self.platform.touch()

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Put the prices with the calendar on top into the states, and look at the current one."""
        config = self._config
        first, step, prices = self._first, self._step, self._spot
        weekly = self.api.doc(CALENDAR).integers("prices") if config.flag("enable_calendar") else []
        if config.flag("enable") and weekly:
            first, step, prices = self._with_calendar(weekly)
        self.api.put(PRICES, {"first_date": first, "resolution": QUARTER if step == 15 else HOURLY, "prices": prices})
        self.look()

    def _with_calendar(self, weekly: list[int]) -> tuple[int, int, list[int]]:
        """Quarters of an hour get the calendar's of the same local time; without prices it counts for two days."""
        if self._spot and self._step != 15:
            self.log("day_ahead_prices", HOURLY_CALENDAR)
            return self._first, self._step, self._spot
        first, quarters = self._first, self._spot
        if not quarters:
            if self._config["source"] != PUSH or not self.platform.clock.known:
                return self._first, self._step, []
            first, quarters = self.platform.clock.midnight(), [0] * 192
        return first, 15, [price + weekly[self._slot(first + 15 * k)] * 10 for k, price in enumerate(quarters)]

    def _slot(self, minutes: int) -> int:
        local = datetime.fromtimestamp(minutes * 60, UTC).astimezone(self.platform.clock.zone)
        return (local.weekday() * 96 + local.hour * 4 + local.minute // 15) % QUARTERS

    def look(self) -> None:
        """The price of this quarter of an hour; rules hear of a new one."""
        shown, clock = self.api.doc(PRICES), self.platform.clock
        prices = shown.integers("prices")
        index = (clock.minutes - shown.integer("first_date")) // _step(shown)
        price = prices[index] if 0 <= index < len(prices) else NO_PRICE
        before = self.api.integer(STATE, "current_price")
        self.api.update(STATE, current_price=price)
        self._quarter.set(self.platform.at + clock.until_next(15) if prices else None)
        if price not in (NO_PRICE, before):
            self.platform.triggers.fire(triggers.PRICE, lambda rule: self._matches(rule, price))

    def _next_quarter(self, _: Instant) -> None:
        if self._config.flag("enable_calendar") and not self._spot:
            self.show()
        else:
            self.look()
        self.platform.changed()

    @property
    def average(self) -> int | None:
        """Of today, ct/1000 per kWh; None: no price is known."""
        shown = self.api.doc(PRICES)
        first, step, start = shown.integer("first_date"), _step(shown), self.platform.clock.midnight()
        times = ((first + k * step, price) for k, price in enumerate(shown.integers("prices")))
        today = [price for at, price in times if start <= at <= start + 24 * 60 - 1]
        return int(sum(today) / len(today)) if today else None

    def _matches(self, rule: Doc, price: int) -> bool:
        value = rule.integer("value")
        if rule["type"] == 0:
            average = self.average
            if average is None:
                return False
            threshold = int(average * value / 100)
        else:
            threshold = value * 1000
        return price > threshold if rule["comparison"] == 0 else price < threshold


def _step(doc: Doc) -> int:
    """Minutes of one price."""
    return 15 if doc["resolution"] == QUARTER else 60


def only_https(text: str) -> Callable[[object, Doc], str | None]:
    """`text`: what is said of a URL that is not safe."""

    def check(_: object, doc: Doc) -> str | None:
        url = doc.text("api_url")
        return text if url and not url.startswith("https://") else None

    return check


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


def _config(*, pushed: bool) -> Config[DayAheadPrices]:
    return FW.config(
        CONFIG,
        obj(**_members(pushed=pushed)),
        validate=only_https(NOT_HTTPS),
        applied=DayAheadPrices.changed,
        since="2.10.0" if pushed else None,
        until=None if pushed else "2.10.0",
        assumed="push mode and calendar since 2.10.0",
    )


_PRICES: Final = obj(first_date=U32, resolution=uint(0, 1, HOURLY, width=8), prices=Arr(I32, MOST))
ROWS: Final[tuple[AnyRow[DayAheadPrices], ...]] = (
    _config(pushed=False),
    _config(pushed=True),
    FW.document(STATE, obj(last_sync=U32, last_check=U32, next_check=U32, current_price=Int(32, True, value=NO_PRICE))),
    FW.document(PRICES, _PRICES),
    FW.command(
        "day_ahead_prices/prices_update",
        DayAheadPrices.push,
        _PRICES,
        action=True,
        since="2.10.0",
        assumed="the text about an empty list",
    ),
    Source("fw: modules/day_ahead_prices/tests").command(
        "day_ahead_prices/calendar_reset",
        lambda m, _: m.reset_calendar(),
        action=True,
        models=WARP2_UP,
        since="2.10.0",
        assumed="the first firmware that has it",
    ),
    Source("doc: day_ahead_prices/calendar").config(
        CALENDAR,
        obj(prices=Arr(I16, QUARTERS, QUARTERS)),
        applied=lambda m, _, __: m.show(),
        models=WARP2_UP,
        since="2.10.0",
        assumed="the message about prices per hour",
        about="ct/100 per kWh on top of each quarter of an hour of the week; empty until it was written",
    ),
)
