"""The commands of `charger-emulator`, one module each, imported when it is called."""
