"""When a charge point sends meter values: every so often in a transaction, and aligned to the clock.

The one rule: what is sent is decided by the configuration keys as they are when the interval ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ocpp.v16.enums import ConfigurationKey, ReadingContext

from ..core.instant import Instant, later
from ..devices.interfaces.ocpp import Payload
from .configuration import Configuration
from .metering import Average, Circumstances, Sample, refresh, sample, written
from .outbox import METER_VALUES, Outbox
from .profiles import VendorProfile
from .station import Station
from .transactions import Transactions

SAMPLED: Final = ConfigurationKey.meter_values_sampled_data
ALIGNED: Final = ConfigurationKey.meter_values_aligned_data
SAMPLE_INTERVAL: Final = ConfigurationKey.meter_value_sample_interval
ALIGNED_INTERVAL: Final = ConfigurationKey.clock_aligned_data_interval


class MeterValues:
    """The MeterValues of one connector."""

    def __init__(
        self,
        profile: VendorProfile,
        configuration: Configuration,
        station: Station,
        outbox: Outbox,
        transactions: Transactions,
    ) -> None:
        self._profile = profile
        self._configuration = configuration
        self._station = station
        self._outbox = outbox
        self._transactions = transactions
        self._first: Sample = ()
        self._first_time = datetime(1970, 1, 1, tzinfo=UTC)
        self._average: Average | None = None
        self._sampling = station.simulation.timer(self._sampled)
        self._aligning = station.simulation.timer(self._aligned)
        configuration.listen(self._configured)

    def shut_down(self) -> None:
        self._sampling.clear()
        self._aligning.clear()

    def _configured(self, name: str) -> None:
        if name == SAMPLE_INTERVAL and self._transactions.running is not None:
            self.begin()
        elif name == ALIGNED_INTERVAL:
            self.align()

    def _take(self, key: ConfigurationKey) -> Sample:
        found = Circumstances(
            snapshot=self._station.snapshot(),
            offered=self._station.offered(),
            state_of_charge=self._station.state_of_charge(),
        )
        wanted = self._configuration.items(key)
        running = self._transactions.running is not None
        return sample(self._profile.measurands, wanted, found, running=running)

    # --- sampled -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A transaction has begun."""
        self._first, self._first_time = self._take(SAMPLED), self._station.calendar()
        interval = self._configuration.integer(SAMPLE_INTERVAL)
        self._sampling.set(later(self._station.simulation.at, interval) if interval > 0 else None)

    def end(self) -> None:
        """The transaction is over."""
        self._sampling.clear()

    def _sampled(self, _: Instant) -> None:
        now, time = self._take(SAMPLED), self._station.calendar()
        if self._station.samples():
            if self._profile.samples_begin_of_interval:
                self._send(refresh(self._first, now), self._first_time, ReadingContext.sample_periodic)
            else:
                self._send(now, time, ReadingContext.sample_periodic)
        self.begin()

    # --- clock-aligned -----------------------------------------------------------------------------------------------

    def align(self) -> None:
        """The clock or the interval is new."""
        interval = self._configuration.integer(ALIGNED_INTERVAL)
        now = self._station.calendar().astimezone(UTC)
        at = self._station.simulation.at
        if interval <= 0:
            self._aligning.clear()
            self._average = None
            return
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        step = timedelta(seconds=interval)
        due = min(midnight + ((now - midnight) // step + 1) * step, midnight + timedelta(days=1))
        self._average = Average(at, self._take(ALIGNED))
        self._aligning.set(later(at, (due - now).total_seconds()))

    def look(self) -> None:
        """Something changed: the mean has to know."""
        if self._average is not None:
            self._average.look(self._station.simulation.at, self._take(ALIGNED))

    def _aligned(self, _: Instant) -> None:
        self.look()
        now = self._take(ALIGNED)
        mean = self._average.result() if self._average is not None and self._profile.averages else now
        self._send(mean, self._station.calendar(), ReadingContext.sample_clock, in_transaction=False)
        self.align()

    # --- sending -----------------------------------------------------------------------------------------------------

    def trigger(self) -> None:
        """TriggerMessage"""
        self._send(self._take(SAMPLED), self._station.calendar(), ReadingContext.trigger)

    def _send(self, values: Sample, time: datetime, context: str, *, in_transaction: bool = True) -> None:
        if not values:
            return
        report = {
            "timestamp": self._profile.time(time),
            "sampledValue": written(values, context, self._profile.meter_format),
        }
        transaction = self._transactions.running if in_transaction else None
        settled = transaction.number if transaction is not None else None

        def payload() -> Payload:
            number = settled
            if transaction is not None and not self._profile.meter_values_keep_unconfirmed_id:
                number = transaction.number
            return {
                "connectorId": 1,
                **({} if number is None else {"transactionId": number}),
                "meterValue": [report],
            }

        self._outbox.put(METER_VALUES, payload, urgency="transaction")
