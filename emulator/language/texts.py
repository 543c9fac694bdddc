"""What a class says about its fields: the text literal below each.

The one rule: a module's source is read once, and only when somebody asks; without sources there is nothing to say.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise


def field_text(cls: type, name: str) -> str:
    """The description of a field, of the class or of the base it comes from; empty if there is none."""
    for base in cls.__mro__:
        found = _texts(base.__module__).get(base.__name__, {}).get(name)
        if found is not None:
            return found
    return ""


@cache
def _texts(module: str) -> Mapping[str, Mapping[str, str]]:
    """The descriptions of the fields of every class of a module."""
    if module == "builtins":
        return {}
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError, SyntaxError):
        return {}
    return {node.name: _of_class(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _of_class(node: ast.ClassDef) -> dict[str, str]:
    texts: dict[str, str] = {}
    for before, after in pairwise(node.body):
        if not (isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            texts[before.target.id] = " ".join(after.value.value.split())
    return texts
