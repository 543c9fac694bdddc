"""The firmware itself: names, features, clock, restarts, updates."""
