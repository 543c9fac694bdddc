"""A fleet in several processes on one machine: ordinary emulators, led by one that has no chargers of its own."""
