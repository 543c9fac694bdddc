"""Bender CC612 and CC613 charge controllers, the wallboxes built on them, and the newer ICC generation."""
