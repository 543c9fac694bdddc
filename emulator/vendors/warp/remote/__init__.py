"""Reaching the wallbox from elsewhere."""
