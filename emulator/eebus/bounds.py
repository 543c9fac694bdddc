"""What a peer can make grow, and how far.

The one rule: counted or measured for each peer, so that one peer cannot use up what others need. No device says what it
takes: ASSUMED throughout, and far beyond what energy managers and control boxes do.
"""

from __future__ import annotations

from typing import Final

LARGEST_MESSAGE: Final = 131_072
"""Bytes of a SHIP message."""
MOST_VALUES: Final = 16_384
"""Commas and opening brackets in a message, which is what reading it costs."""
DEEPEST: Final = 60
"""Arrays and objects inside each other, as they stand on the wire."""
MOST_AGREED: Final = 128
"""Subscriptions of a peer; bindings as many."""
MOST_ENTITIES: Final = 64
"""Entities of a peer that are kept."""
MOST_FEATURES: Final = 512
"""Features of all entities of a peer."""
MOST_USE_CASES: Final = 256
"""Use cases that a peer announces."""
MOST_ENTRIES: Final = 128
"""Entries of a list, where it is merged into another one."""
MOST_FILTERS: Final = 8
"""Filters of a command."""
MOST_ASKED: Final = 512
"""Of our own requests to a peer: unanswered ones, and ones that wait until it has introduced itself."""
LARGEST_KEPT: Final = 1_048_576
"""Bytes of what a peer's functions said last."""
LONGEST_ADDRESS: Final = 16
"""Numbers of an entity's address."""
LARGEST_NUMBER: Final = 2**32 - 1
"""Of an entity or a feature."""
LONGEST_DEVICE: Final = 256
"""Characters of a device address."""
LONGEST_PERIOD: Final = 100 * 365.25 * 86400.0
"""Wall or simulated seconds of a duration: what is longer is none."""
MOST_SEEN: Final = 256
"""Peers whose address is remembered, and nodes that mDNS has found."""
SHOWN: Final = 32_768
"""Bytes of a message that the journal has whole."""
