"""Who may use the control API: the bearer token, and where it may be served without one.

The one rule: without a token the control port serves this machine only, unless it was opened on purpose.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Final

from ..errors import EmulatorError

LONGEST_TOKEN: Final = 1024
"""Characters of a token."""


def is_loopback(host: str) -> bool:
    """Whether this host name or address is the loopback of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_token(token: str, where: str) -> str:
    """The token, without the white space around it. EmulatorError if it protects nothing; it is not repeated."""
    token = token.strip()
    if not token:
        raise EmulatorError(f"{where}: the token is empty, which would let everybody in")
    if len(token) > LONGEST_TOKEN:
        raise EmulatorError(f"{where}: a token has at most {LONGEST_TOKEN} characters, this has {len(token)}")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise EmulatorError(f"{where}: a token is made of printable ASCII characters without spaces")
    return token


def token_from(file: Path) -> str:
    """The token in a file: its only line. EmulatorError if it cannot be read or is none."""
    try:
        with file.open("rb") as opened:
            content = opened.read(4 * LONGEST_TOKEN)
        text = content.decode()
    except OSError as error:
        raise EmulatorError(f"{file}: cannot be read as a token file: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise EmulatorError(f"{file}: is no token file (not text)") from None
    return check_token(text, str(file))


def check_bind(host: str, *, token: str | None, opened: bool) -> None:
    """EmulatorError if the control API would be open to a network without anybody having said so."""
    if token is None and not opened and not is_loopback(host):
        raise EmulatorError(
            f"the control API would be open to everybody on {host}: give it a token (--control-token-file, or the "
            "variable CHARGER_EMULATOR_TOKEN), or say --open-control if that is meant"
        )
