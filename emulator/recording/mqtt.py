"""Listens to MQTT between a box or a client and the broker."""

from __future__ import annotations

import time
from typing import Final

from ..importing.asking import is_write, split_topic
from ..protocols.mqtt_packets import Connect, Decoder, Message, PacketError
from .notes import Notes

TWICE: Final = 2.0
"""s within which the same message on its way out of the broker is not a new one."""


class Heard:
    """Messages that were noted on their way to the broker."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bytes], float] = {}

    def again(self, message: Message, *, sent: bool) -> bool:
        """Whether it is only passed on by the broker."""
        key, now = (message.topic, message.payload), time.monotonic()
        before = self._seen.get(key)
        if sent or before is None:
            self._seen[key] = now
            if len(self._seen) > 5_000:
                self._seen.pop(next(iter(self._seen)))
        return not sent and before is not None and now - before < TWICE


class MqttTap:
    """One connection."""

    def __init__(self, notes: Notes, heard: Heard, client: str) -> None:
        self._notes = notes
        self._heard = heard
        self._client = client
        self._sent, self._got = Decoder(), Decoder()
        self._lost = False

    def sent(self, data: bytes) -> None:
        self._feed(self._sent, data, sent=True)

    def answered(self, data: bytes) -> None:
        self._feed(self._got, data, sent=False)

    def over(self) -> None:
        pass

    def _feed(self, decoder: Decoder, data: bytes, *, sent: bool) -> None:
        if self._lost:
            return
        try:
            for packet in decoder.feed(data):
                if isinstance(packet, Message):
                    self._message(packet, sent=sent)
                elif isinstance(packet, Connect):
                    who = {} if self._notes.redactor is not None else {"client_id": packet.client_id}
                    self._notes.add("connection", "connected", who, interface="mqtt", client=self._client)
        except PacketError:
            self._lost = True
            self._notes.add("note", "not readable as MQTT 3.1.1", {}, interface="mqtt", client=self._client)

    def _message(self, message: Message, *, sent: bool) -> None:
        if self._heard.again(message, sent=sent):
            return
        text = message.payload.decode("utf-8", "replace")
        vendor, prefix, tail = split_topic(message.topic)
        if self._notes.redactor is not None and "/" in prefix:
            self._notes.redactor.learn(prefix.rpartition("/")[2], "serial")
        detail: dict[str, object] = {"payload": self._notes.body(text)}
        if is_write(vendor, tail):
            self._notes.add("request", message.topic, detail, interface="mqtt", client=self._client)
            return
        values = self._notes.values(text, message.topic)
        detail |= {"reads": list(values), "values": values} if values else {}
        detail |= {"retain": True} if message.retain else {}
        self._notes.add("push", message.topic, detail, interface="mqtt", client=self._client)
