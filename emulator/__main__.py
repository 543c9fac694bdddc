"""`python -m emulator` is `charger-emulator`."""

from .cli import main

main()
