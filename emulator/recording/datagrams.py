"""Listens to KEBA's datagrams."""

from __future__ import annotations

from .notes import Notes


class DatagramTap:
    """What one client and the box send each other."""

    def __init__(self, notes: Notes, client: str) -> None:
        self._notes = notes
        self._client = client
        self._asked: tuple[str, int] | None = None

    def sent(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace").strip()
        number = self._notes.add("request", text, {}, interface="udp", client=self._client)
        self._asked = text, number

    def answered(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        values = self._notes.values(text)
        detail: dict[str, object] = {"body": self._notes.body(text.strip())}
        detail |= {"reads": list(values), "values": values} if values else {}
        name, cause = self._asked if self._asked is not None else ("broadcast", None)
        self._notes.add("push", name, detail, interface="udp", client=self._client, cause=cause)
        self._asked = None

    def over(self) -> None:
        pass
