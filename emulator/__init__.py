"""Charger emulator: simulated EV wallboxes that real client software cannot tell from the devices."""

try:
    from ._version import __version__
except ImportError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
