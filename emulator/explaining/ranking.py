"""Finding by words: Okapi BM25 over title, text and steps, with the words of symptoms added.

The one rule: the same question gives the same order; nothing is looked up anywhere else.
Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with usual parameters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from .library import Found
from .symptoms import ALIKE, SYMPTOMS

SATURATION: Final = 1.2
LENGTH: Final = 0.6
TITLE, ABOUT, WORDS = 3.0, 2.0, 0.5
"""What a word counts in each field."""
ADDED: Final = 0.5
"""What a word counts that was added to the question."""
WEIGHT: Final = {"scenario": 1.0, "fault": 0.8, "rule": 0.6}
_WORD: Final = re.compile(r"[a-zà-ÿ]+|\d+")
_EMPTY: Final = """
    a an and are as at be but by can do does for from get got has have if in is it its my of on or so that the then
    there they this to was when which while with you expected error warn debug trace after before not no
"""
"""Words that tell nothing."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One answer."""

    found: Found
    score: float
    matched: tuple[str, ...]
    """Words of the question that it has."""


def words_of(text: str) -> list[str]:
    """Words in the form in which they are compared."""
    return [_stem(word) for word in _WORD.findall(text.lower().replace("_", " "))]


def _stem(word: str) -> str:
    if word.isdigit() or len(word) < 4:
        return word
    for ending in ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_STOP: Final = frozenset(_stem(word) for word in _EMPTY.split())


def asked(question: str) -> dict[str, float]:
    """The words of a question with their weights: its own, and those that its symptoms suggest."""
    weights = {word: 1.0 for word in words_of(question) if word not in _STOP}
    extra = [word for pattern, words in SYMPTOMS if pattern.search(question) for word in words_of(words)]
    for group in ALIKE:
        stems = {_stem(word) for word in group}
        if stems & set(weights):
            extra += stems
    for word in extra:
        if word not in _STOP:
            weights.setdefault(word, ADDED)
    return weights


def rank(question: str, library: Sequence[Found], most: int = 10) -> list[Ranked]:
    """The best answers to a question, the best first."""
    fields = [_counted(found) for found in library]
    known = Counter(word for counts in fields for word in counts)
    weights = _spelled(asked(question), known)
    own = set(words_of(question))
    mean = sum(sum(counts.values()) for counts in fields) / max(1, len(fields))
    ranked: list[Ranked] = []
    for found, counts in zip(library, fields, strict=True):
        size = sum(counts.values())
        score = 0.0
        for word, weight in weights.items():
            count = counts.get(word, 0.0)
            if count:
                rarity = math.log(1 + (len(fields) - known[word] + 0.5) / (known[word] + 0.5))
                full = count + SATURATION * (1 - LENGTH + LENGTH * size / mean)
                score += weight * rarity * count * (SATURATION + 1) / full
        if score > 0:
            matched = tuple(sorted(word for word in weights if word in counts and word in own))
            ranked.append(Ranked(found, round(score * WEIGHT[found.kind], 3), matched))
    ranked.sort(key=lambda one: (-one.score, one.found.name))
    return ranked[:most]


def _counted(found: Found) -> dict[str, float]:
    counts: dict[str, float] = {}
    for text, weight in ((found.title, TITLE), (found.about, ABOUT), (found.words, WORDS)):
        for word in words_of(text):
            if word not in _STOP:
                counts[word] = counts.get(word, 0.0) + weight
    return counts


def _spelled(weights: dict[str, float], known: Iterable[str]) -> dict[str, float]:
    """Words that nothing has become those they are nearest to."""
    every = list(known)
    found: dict[str, float] = {}
    for word, weight in weights.items():
        if word in every or len(word) < 5:
            found[word] = weight
        else:
            for near in get_close_matches(word, every, n=1, cutoff=0.8):
                found.setdefault(near, weight)
    return found
