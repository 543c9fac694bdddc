"""The page of limits says what the code does."""

from __future__ import annotations

from .page import PAGE, text


def test_the_page_is_as_the_code() -> None:
    assert PAGE.read_text("utf-8") == text(), "python -m tests.limits.page writes it anew"
