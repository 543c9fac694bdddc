"""Scenarios: what is there, what happens to it, and what should come of it."""
