"""Listens to HTTP and to the WebSocket it may become. `h11` reads both directions; nothing is written by it."""

from __future__ import annotations

from collections import deque
from typing import Final

import h11
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, SERVER, Protocol, State

from ..importing.asking import vendor_of_path
from .notes import Notes

LONGEST: Final = 2**20
"""Bytes of a body that are looked at."""


class HttpTap:
    """One connection."""

    def __init__(self, notes: Notes, client: str) -> None:
        self._notes = notes
        self._client = client
        self._requests = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST)
        self._replies = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST)
        self._asked: deque[tuple[h11.Request, bytes]] = deque()
        self._request: h11.Request | None = None
        self._sent = b""
        self._status = 0
        self._reply = b""
        self._socket: tuple[Protocol, Protocol] | None = None
        """What the client says, and what the box says."""
        self._path = ""
        self._lost = False
        """Something on it cannot be read."""

    def sent(self, data: bytes) -> None:
        if self._socket is not None:
            self._frames(self._socket[0], data, sent=True)
        elif not self._lost:
            self._read(self._requests, data)

    def answered(self, data: bytes) -> None:
        if self._socket is not None:
            self._frames(self._socket[1], data, sent=False)
        elif not self._lost:
            self._read(self._replies, data)

    def over(self) -> None:
        if not self._lost and self._replies.their_state is h11.SEND_BODY:
            self._read(self._replies, b"")

    def _read(self, connection: h11.Connection, data: bytes) -> None:
        try:
            connection.receive_data(data)
            while not self._lost:
                event = connection.next_event()
                if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                    break
                self._event(event)
        except h11.ProtocolError:
            self._lost = True
            self._notes.add("note", "not readable as HTTP", {}, interface="http", client=self._client)

    def _event(self, event: object) -> None:
        match event:
            case h11.Request():
                self._request, self._sent = event, b""
                self._replies.send(event)
            case h11.Data() if self._request is not None and self._replies.our_state is h11.SEND_BODY:
                self._sent += bytes(event.data)
                self._replies.send(event)
            case h11.EndOfMessage() if self._request is not None and self._replies.our_state is h11.SEND_BODY:
                self._replies.send(event)
                self._asked.append((self._request, self._sent))
                self._request = None
            case h11.InformationalResponse() if event.status_code == 101:
                self._upgraded()
            case h11.Response():
                self._status, self._reply = event.status_code, b""
            case h11.Data():
                self._reply += bytes(event.data)
            case h11.EndOfMessage():
                self._done()

    def _done(self) -> None:
        """A request has its reply."""
        if self._asked:
            request, sent = self._asked.popleft()
            method, target = request.method.decode("ascii", "replace"), request.target.decode("utf-8", "replace")
            path = target.partition("?")[0]
            label = path.strip("/") if vendor_of_path(path) == "warp" else ""
            text = self._reply.decode("utf-8", "replace")
            detail: dict[str, object] = {"status": self._status, "target": self._notes.clean(target)}
            if sent:
                detail["sent"] = self._notes.body(sent.decode("utf-8", "replace"))
            values = self._notes.values(text, label)
            detail |= {"reads": list(values), "values": values} if values else {}
            detail["body"] = self._notes.body(text)
            self._notes.add("request", f"{method} {path}", detail, interface="http", client=self._client)
        if self._requests.our_state is h11.SEND_RESPONSE:
            self._requests.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            self._requests.send(h11.EndOfMessage())
        if self._replies.our_state is h11.DONE and self._replies.their_state is h11.DONE:
            self._replies.start_next_cycle()
            self._requests.start_next_cycle()
            self._read(self._requests, b"") if self._requests.trailing_data[0] else None

    def _upgraded(self) -> None:
        """The connection is a WebSocket from now on."""
        request, _ = self._asked.popleft() if self._asked else (self._request, b"")
        self._path = request.target.decode("utf-8", "replace") if request is not None else "/ws"
        client, box = Protocol(SERVER, state=State.OPEN), Protocol(CLIENT, state=State.OPEN)
        self._socket = client, box
        self._notes.add("request", f"GET {self._path}", {"status": 101}, interface="websocket", client=self._client)
        for connection, mine in ((self._requests, client), (self._replies, box)):
            self._frames(mine, connection.trailing_data[0], sent=mine is client)

    def _frames(self, protocol: Protocol, data: bytes, *, sent: bool) -> None:
        if not data:
            return
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                self._message(bytes(event.data).decode("utf-8", "replace"), sent=sent)

    def _message(self, text: str, *, sent: bool) -> None:
        detail: dict[str, object] = {"path": self._path, "body": self._notes.body(text)}
        if sent:
            self._notes.add("request", f"message {self._path}", detail, interface="websocket", client=self._client)
            return
        values = self._notes.values(text)
        detail |= {"reads": list(values), "values": values} if values else {}
        self._notes.add("push", self._path, detail, interface="websocket", client=self._client)
