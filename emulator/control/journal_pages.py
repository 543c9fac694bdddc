"""The journal over the control API, and what is worked out from it: clients, and how they behaved.

The one rule: it is made from the journal alone, whoever keeps that.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from ..core.instant import seconds
from ..errors import did_you_mean
from ..language.digits import is_index
from ..verdict.reading import rules_from
from ..verdict.recorded import judge
from ..verdict.section import PlacedRule
from . import views
from .feed import EventFeed
from .problems import Refused
from .reading import FILTERS, Filter, newer, older, related
from .requests import answer, json_of, number, query_of, whole

if TYPE_CHECKING:
    from ..language.names import Names
    from .watched import Watched

LONGEST_WAIT: Final = 60.0
"""How long `GET /api/journal` may wait for something new, in wall time [s]."""
MOST_ENTRIES: Final = 10_000
RECENT: Final = 20_000
"""Newest journal entries that behaviour is worked out from."""


class JournalPages:
    """The operations."""

    def __init__(self, run: Watched, feed: EventFeed) -> None:
        self._run = run
        self._feed = feed

    async def journal(self, request: web.Request) -> web.Response:
        query = query_of(request, "after", "before", "limit", "wait", *FILTERS)
        limit = min(whole(query, "limit", 1000), MOST_ENTRIES)
        wanted = Filter.read(query, self._run.names)
        if "before" in query:
            if "after" in query or "wait" in query:
                raise Refused(422, '"before" looks back, "after" and "wait" look ahead: expected one of them')
            return await self._older(wanted, whole(query, "before", 0), limit)
        after, wait = whole(query, "after", 0), min(number(query, "wait", 0.0), LONGEST_WAIT)
        deadline = time.monotonic() + wait
        with self._run.followed():
            while True:
                await self._run.refresh()
                journal = self._run.journal
                last = journal.seq
                found = await newer(journal, wanted, after, limit)
                after = found.entries[-1].seq if found.more else max(after, last)
                left = deadline - time.monotonic()
                if found.entries or left <= 0 or not await self._feed.news(left):
                    break
        return answer({"entries": views.entries(found.entries), "next": after, "dropped": self._run.dropped})

    async def _older(self, wanted: Filter, before: int, limit: int) -> web.Response:
        await self._run.refresh()
        journal = self._run.journal
        last = journal.seq
        found = await older(journal, wanted, before, limit)
        earlier = found.entries[0].seq if found.more else None
        reply = {"next": last, "dropped": self._run.dropped, "earlier": earlier}
        return answer({"entries": views.entries(found.entries), **reply})

    async def entry(self, request: web.Request) -> web.Response:
        text = request.match_info["seq"]
        await self._run.refresh()
        found = related(self._run.journal, int(text) if is_index(text) else 0)
        if found is None:
            raise Refused(404, f"there is no journal entry {text[:40]}")
        entry, causes, effects = found
        return answer({"entry": entry.as_json(), "causes": views.entries(causes), "effects": views.entries(effects)})

    async def verify(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        after = 0
        if isinstance(value, dict) and "rules" in value:
            unknown = next((name for name in value if name not in ("rules", "after")), None)
            if unknown is not None:
                raise Refused(422, f'unknown member "{unknown}"{did_you_mean(unknown, ("rules", "after"))}')
            after, value = value.get("after", 0), value["rules"]
            if not isinstance(after, int) or isinstance(after, bool) or after < 0:
                raise Refused(422, "after: expected the number of a journal entry")
        rules = rules_of(value, self._run.names)
        await self._run.refresh()
        if after > self._run.journal.seq:
            raise Refused(422, f"after: there is no journal entry {after}, the last one is {self._run.journal.seq}")
        found = judge(self._run.journal.after(after), rules)
        return answer(
            {
                "ok": found.ok,
                "rules": [verdict.as_json() for verdict in found.rules],
                "untested": [one.as_json() for one in found.untested],
            }
        )

    async def clients(self, _request: web.Request) -> web.Response:
        await self._run.refresh()
        return answer({"clients": self._run.contacts.listed()})

    async def behaviour(self, _request: web.Request) -> web.Response:
        from ..verdict.behaviour import behaviour as behaviour_of

        at = await self._run.refresh()
        journal = self._run.journal
        first = max(self._run.dropped, journal.seq - RECENT)
        entries = tuple(journal.after(first))
        found = await asyncio.to_thread(behaviour_of, entries, at, {})  # others get their turn meanwhile
        return answer({"at": round(seconds(at), 6), "after": first, **found})


def rules_of(value: object, names: Names) -> list[PlacedRule]:
    """One rule, or a list of them."""
    if not isinstance(value, dict | list) or not value:
        raise Refused(422, "expected a rule, an object as in a scenario's `rules:`, or a list of them")
    named_once(value)
    return rules_from(value, names)


def named_once(rules: object) -> None:
    """`Refused` if two rules of a list have one name."""
    names = (
        [rule["name"] for rule in rules if isinstance(rule, dict) and "name" in rule] if isinstance(rules, list) else []
    )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Refused(422, f'"{twice}" is the name of two rules, expected a name for each')
