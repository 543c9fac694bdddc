"""TLS with certificates that nobody has signed: both sides show one, and who a peer is is decided afterwards.

The one rule: between TCP and whatever speaks on it. The standard library cannot ask a client for a self-signed
certificate, so this is pyOpenSSL on memory; it is imported when the first connection is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..devices.interfaces.ship import Credentials

if TYPE_CHECKING:
    from OpenSSL import SSL

CIPHERS: Final = b"ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"
PIECE: Final = 65536


@lru_cache(maxsize=64)
def context(credentials: Credentials) -> SSL.Context:
    """For both roles: TLS 1.2 or newer, every certificate is taken."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from OpenSSL import SSL

    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_cipher_list(CIPHERS)
    made.use_certificate(x509.load_pem_x509_certificate(credentials.certificate))
    key = load_pem_private_key(credentials.key, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    made.use_privatekey(key)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return made


class TlsTransport(asyncio.Transport):
    """What a protocol writes to: its bytes go out encrypted."""

    def __init__(self, layer: TlsLayer) -> None:
        super().__init__()
        self._layer = layer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._layer.write(bytes(data))

    def close(self) -> None:
        self._layer.close()

    def abort(self) -> None:
        self._layer.abort()

    def pause_reading(self) -> None:
        self._layer.read(go_on=False)

    def resume_reading(self) -> None:
        self._layer.read(go_on=True)

    def is_closing(self) -> bool:
        return self._layer.closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._layer.tcp.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._layer.tcp.get_write_buffer_size()


class TlsLayer(asyncio.Protocol):
    """TLS between a TCP connection and an inner protocol, which is made when the handshake is over."""

    def __init__(
        self,
        ssl_context: SSL.Context,
        *,
        server: bool,
        inner: Callable[[bytes, str], asyncio.Protocol],
        failed: Callable[[str], None],
        gone: Callable[[TlsLayer], None] = lambda _layer: None,
    ) -> None:
        """`inner`: (the peer's certificate in DER, its address); ValueError if it cannot be made.

        `failed`: there was no handshake; why. `gone`: the connection has ended, whatever became of it.
        """
        from OpenSSL import SSL

        self.closing = False
        self._connection = SSL.Connection(ssl_context, None)
        if server:
            self._connection.set_accept_state()
        else:
            self._connection.set_connect_state()
        self._new_inner = inner
        self._failed = failed
        self._gone = gone
        self._inner: asyncio.Protocol | None = None
        self._tcp: asyncio.Transport | None = None

    @property
    def tcp(self) -> asyncio.Transport:
        """What it runs on."""
        assert self._tcp is not None
        return self._tcp

    def write(self, data: bytes) -> None:
        from OpenSSL import SSL

        if self.closing or not data:
            return
        try:
            self._connection.sendall(data)
        except SSL.Error as error:
            self._end(str(error))
        self._flush()

    def read(self, *, go_on: bool) -> None:
        """Whether to read on."""
        if self._tcp is not None and not self._tcp.is_closing():
            if go_on:
                self._tcp.resume_reading()
            else:
                self._tcp.pause_reading()

    def close(self) -> None:
        from OpenSSL import SSL

        if self.closing:
            return
        self.closing = True
        with suppress(SSL.Error):  # the handshake may not be over: there is nothing to say good-bye to
            self._connection.shutdown()
        self._flush()
        if self._tcp is not None:
            self._tcp.close()

    def abort(self) -> None:
        self.closing = True
        if self._tcp is not None:
            self._tcp.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport
        if self.closing:  # called off in the meantime
            transport.abort()
        else:
            self._step()

    def data_received(self, data: bytes) -> None:
        if not self.closing:
            self._connection.bio_write(data)
            self._step()

    def eof_received(self) -> None:
        if self._inner is not None:
            self._inner.eof_received()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self._gone(self)
        if self._inner is None:
            self._end(str(exc or "closed during the TLS handshake"))
        else:
            self._inner.connection_lost(exc)

    def _step(self) -> None:
        from OpenSSL import SSL

        try:
            if self._inner is None:
                self._shake()
            if self._inner is not None:
                self._read(self._inner)
        except SSL.WantReadError:
            self._flush()
        except SSL.ZeroReturnError:
            self._flush()
            if self._inner is not None:
                self._inner.eof_received()
            if self._tcp is not None:
                self._tcp.close()
        except SSL.Error as error:
            self._flush()
            self._end(f"TLS: {error}")

    def _shake(self) -> None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import Encoding

        self._connection.do_handshake()
        self._flush()
        peer = self.tcp.get_extra_info("peername")
        try:
            certificate = self._connection.get_peer_certificate(as_cryptography=True)
            shown = certificate.public_bytes(Encoding.DER) if certificate is not None else b""
            self._inner = self._new_inner(shown, str(peer[0])) if shown and peer else None
        except (ValueError, UnsupportedAlgorithm) as error:  # OpenSSL takes what cryptography does not
            self._end(f"certificate: {error}")
            return
        if self._inner is None:
            self._end("no certificate")
            return
        self._inner.connection_made(TlsTransport(self))

    def _read(self, inner: asyncio.Protocol) -> None:
        while not self.closing:
            data = self._connection.recv(PIECE)
            inner.data_received(data)
            self._flush()

    def _flush(self) -> None:
        from OpenSSL import SSL

        while self._tcp is not None:
            try:
                data = self._connection.bio_read(PIECE)
            except SSL.WantReadError:
                return
            if not self._tcp.is_closing():
                self._tcp.write(data)

    def _end(self, reason: str) -> None:
        failed, self._failed = self._failed, lambda _reason: None
        if self._inner is None:
            failed(reason)
        self.abort()
