"""The charge controller, and its module."""
