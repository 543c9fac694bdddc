"""What all tests share: examples of property tests have no deadline, machines are too different for one."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("everywhere", deadline=None)
settings.load_profile("everywhere")
