"""All hostile servers at once, and the scenario of the wallboxes that connect to them.

The one rule: whoever says something to a wallbox is in here, so that a campaign and the short form have the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from .corpus import Corpus
from .evil import Evil, EvilBroker, EvilCentralSystem
from .field import CLIENTS
from .identities import identity
from .ship import EvilShip, EvilTls


@asynccontextmanager
async def hostile(corpus: Corpus) -> AsyncIterator[tuple[Sequence[Evil], str]]:
    """The servers, and the scenario."""
    broker = EvilBroker(corpus["mqtt devices"])
    central = EvilCentralSystem(corpus["central system"])
    ship, tls = EvilShip(corpus["ship wallbox"]), EvilTls(corpus["ship tls server"])
    every: tuple[Evil, ...] = (broker, central, ship, tls)
    async with AsyncExitStack() as stack:
        for each in every:
            await stack.enter_async_context(each)
        where = {name: f"{each.where[0]}:{each.where[1]}" for name, each in (("ship", ship), ("tls", tls))}
        yield (
            every,
            CLIENTS.format(
                broker=f"mqtt://127.0.0.1:{broker.where[1]}",
                central=f"ws://127.0.0.1:{central.where[1]}",
                ski=identity(0).ski,
                other=identity(1).ski,
                **where,
            ),
        )
