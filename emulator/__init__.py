"""Charger emulator: simulated EV wallboxes that real client software cannot tell from the devices."""

__version__ = "0.1.0"
