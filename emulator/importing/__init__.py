"""From a log to a scenario: what users paste into an issue becomes the box that they have."""
