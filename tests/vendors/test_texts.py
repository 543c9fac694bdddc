"""Texts of JSON documents that clients send: never half a surrogate pair."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.texts import loads

TEXTS = st.text(st.characters() | st.sampled_from("\ud800\udbff\udc00\udfff"))
DOCUMENTS = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_whatever_is_read_is_text(document: object) -> None:
    for body in (json.dumps(document), json.dumps(document).encode()):
        found = json.dumps(loads(body), ensure_ascii=False).encode()
        assert json.loads(found) == loads(body)


@given(st.text())
def test_whole_characters_stay(text: str) -> None:
    assert loads(json.dumps({text: [text]})) == {text: [text]}


def test_a_lone_half_is_replaced() -> None:
    assert loads(r'["\ud83d\ude97", "\ud83d", "a\ude97b"]') == ["🚗", "\ufffd", "a\ufffdb"]
