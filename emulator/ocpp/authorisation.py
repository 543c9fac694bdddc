"""Whether a tag may charge: asked of the central system, or known from its list or from earlier answers.

The one rule: a question has exactly one answer, at once or later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ocpp.v16.enums import AuthorizationStatus, ConfigurationKey

from ..devices.interfaces.ocpp import Payload
from .configuration import Configuration
from .messages import folded, text_in
from .outbox import Outbox
from .profiles import VendorProfile
from .station import Known, Memory, known_of

ACCEPTED = AuthorizationStatus.accepted


@dataclass(slots=True)
class Rejection:
    """The last tag that was refused."""

    tag: str = ""
    reason: str = ""
    """`Blocked`, `Expired`, `Invalid`, `ConcurrentTx`"""


class Authorisation:
    """The tags of one charge point."""

    def __init__(
        self,
        profile: VendorProfile,
        configuration: Configuration,
        outbox: Outbox,
        memory: Memory,
        calendar: Callable[[], datetime],
    ) -> None:
        """`calendar`: the box's own clock, by which what is known of tags expires."""
        self._profile = profile
        self._configuration = configuration
        self._outbox = outbox
        self._memory = memory
        self._calendar = calendar
        self.last_rejection = Rejection()

    def ask(self, tag: str, decided: Callable[[bool], None]) -> None:
        """Find out whether a tag may charge."""
        known = self.known(tag)
        accepted = known is not None and known.status == ACCEPTED
        if not self._outbox.online:
            decided(self._offline(known))
        elif accepted and self._profile.remembers_tags and self._flag(ConfigurationKey.local_pre_authorize):
            decided(True)
        else:
            self._outbox.put("Authorize", {"idTag": tag}, lambda answer: self._answered(tag, answer, decided))

    def _offline(self, known: Known | None) -> bool:
        if not self._profile.remembers_tags or not self._flag(ConfigurationKey.local_authorize_offline):
            return False
        if known is None:
            return self._flag(ConfigurationKey.allow_offline_tx_for_unknown_id)
        return known.status == ACCEPTED

    def known(self, tag: str) -> Known | None:
        """What the local list, or else an earlier answer, says of a tag now, as far as they are in use."""
        name = folded(tag)
        listed = self._memory.local_list.get(name) if self._in_use(ConfigurationKey.local_auth_list_enabled) else None
        cached = self._memory.cache.get(name) if self._in_use(ConfigurationKey.authorization_cache_enabled) else None
        found = listed or cached
        if found is None or found.status != ACCEPTED or found.expires is None or self._calendar() < found.expires:
            return found
        return replace(found, status=AuthorizationStatus.expired)

    def group(self, tag: str) -> str | None:
        """The parent of a tag, as it is compared; also while the cache is not used for authorisation."""
        known = self.known(tag) or self._memory.cache.get(folded(tag))
        return None if known is None or known.parent is None else folded(known.parent)

    def _in_use(self, switch: ConfigurationKey) -> bool:
        """By a key that may be missing: then what it switches is always on."""
        return switch not in self._configuration or self._flag(switch)

    def _flag(self, key: ConfigurationKey) -> bool:
        return self._configuration.flag(key)

    def _answered(self, tag: str, answer: Payload | None, decided: Callable[[bool], None]) -> None:
        info = {} if answer is None else answer.get("idTagInfo")
        self.learn(tag, info if isinstance(info, dict) else {})
        decided(isinstance(info, dict) and text_in(info, "status") == ACCEPTED)

    def learn(self, tag: str, info: Mapping[str, object]) -> None:
        """The central system said something about a tag."""
        status = text_in(info, "status")
        if status:
            self._memory.cache[folded(tag)] = known_of(info)
        if status not in ("", ACCEPTED):
            self.last_rejection = Rejection(tag, status)

    def related(self, one: str, other: str) -> bool:
        """Whether two tags belong together: the same, or of one parent."""
        parent = self.group(one)
        return folded(one) == folded(other) or (parent is not None and parent == self.group(other))

    def forget(self) -> None:
        """ClearCache"""
        self._memory.cache.clear()
