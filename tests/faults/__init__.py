"""Tests of the fault engine."""
