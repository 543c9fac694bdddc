"""Meters: slots, values, and what older clients read."""
