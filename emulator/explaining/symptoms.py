"""What clients and people say, in the words of the library.

The one rule: a row is a form in which a symptom is told, and the words that its explanations use.
Source: messages of evcc, Home Assistant, openWB and Modbus libraries; notes of issue threads.
"""

from __future__ import annotations

import re
from typing import Final

SYMPTOMS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"phases?\D{0,12}[123]\D{1,24}[123]", "phases one three phase switch stuck wanted measured mismatch"),
        (r"out of sync: expected enabled", "disabled stopped suspended blocked swallowed acknowledged ignored"),
        (r"out of sync: expected disabled", "enabled resumes released by itself charging although disabled"),
        (r"out of sync|logic error", "acknowledged ignored old value read back"),
        (r"current mismatch|measured, expected", "limit lowest current slot clamp adjusted another limit"),
        (r"i/o time-?out|timed? ?out|deadline exceeded", "silent no answer late slow hang delay black hole"),
        (r"connection reset|broken pipe", "reset closed socket connection"),
        (r"connection refused|no route", "off refuse unreachable port service dead"),
        (r"\beof\b", "end of file close connection"),
        (r"outdated|stale|no update", "published on change only silent stale retained pushes"),
        (r"unexpected status: 5\d\d|http 5\d\d|\b500\b", "status 500 busy"),
        (r"\b401\b|\b403\b|unauthori[sz]ed|forbidden", "login rejected password 403 token refused"),
        (r"illegal (?:data )?(?:address|function|value)|exception [1-6]", "modbus exception illegal register function"),
        (r"65535|0xffff|4294967295|4\.29", "ones sentinel unknown value state of charge power"),
        (r"\bnan\b|\bnull\b|\bnone\b", "missing null value key"),
        (r"unmarshal|invalid character|json", "text number format wrapped garbled truncated body key"),
        (r"wake-?up|asleep|sleep", "sleeps asleep wake car"),
        (r"full speed|does not stop|keeps charging|still charging", "disabled and still charging force ignored"),
        (r"does not (?:start|charge)|won't charge|not charging", "suspended blocked authorisation card release slot"),
        (r"energy (?:jump|lost|drop|reset|zero)|meter (?:jump|reset)", "counter reset dip energy session meter"),
        (r"voltage", "voltages lines open idle"),
        (r"rfid|card|tag|authori[sz]", "card authorisation transaction tag"),
        (r"reboot|restart", "reboot restart boot late"),
        (r"failsafe|fallback|watchdog", "failsafe time-out refreshed fallback current"),
        (r"mqtt|broker", "broker retained topic session published"),
        (r"websocket|web socket", "websocket web socket silent frame"),
        (r"discover|mdns", "mdns search discovery"),
    )
)

ALIKE: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(words.split())
    for words in (
        "car vehicle ev",
        "box wallbox charger evse",
        "switch change toggle",
        "limit current ampere amps amp",
        "stop disable pause disabled off",
        "start enable resume enabled",
        "one 1 single 1p",
        "three 3 3p",
        "timeout late slow delay silent",
        "reject refuse deny refused rejected",
        "ignore swallow ineffective ignored swallowed",
        "lock locked unlock",
        "power kw watt",
        "energy kwh counter meter",
        "unplug disconnect unplugged disconnected",
        "plug connect plugged connected",
        "rcd residual trip tripped",
    )
)
"""Words that mean the same here."""
