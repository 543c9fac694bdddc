"""Rules as they are written in a scenario, read with every mistake reported at its place."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

from ..errors import Place, ScenarioError, did_you_mean
from ..language.arguments import Schema, Scope, Text, Unreadable, checked
from ..language.fields import arguments_of, construct, snake_case
from ..language.names import Names
from ..language.nodes import Node, from_object
from ..language.records import Argument, RecordValues, read_record, record_schema
from .catalogue import BY_NAME, expand
from .patterns import KEYS, EventPattern, KnownWord, inline
from .rules import RULES
from .rules.base import NoRules, Rule
from .rules.conditions import Always
from .rules.rates import AtRate
from .section import EXAMPLE, PlacedRule, RulesSection


def read_rules(node: Node, scope: Scope) -> list[PlacedRule]:
    """The rules of a list that can be read; what is wrong with the others is reported."""
    rules: list[PlacedRule] = []
    names: dict[str, Place] = {}
    for item in node.items or ():
        if item.get("include") is not None:
            with suppress(Unreadable):
                rules += included(item, scope)
            continue
        try:
            rule = read_rule(item, scope)
        except Unreadable:
            continue
        if rule.name and rule.name in names:
            scope.report(
                item.get("name") or item, f'"{rule.name}" is the name of the rule in {names[rule.name]} as well'
            )
        names.setdefault(rule.name, item.place)
        rules.append(PlacedRule(rule, item.place))
    return rules


def rules_schema() -> Schema:
    """JSON Schema of a list of rules."""
    included = {"title": "rule_set"} | record_schema(_INCLUDE)
    return {"type": "array", "items": {"title": "rule", "anyOf": [included, *(_schema(cls) for cls in RULES)]}}


_SET: Final = Argument("include", KnownWord(BY_NAME, "a rule set"), required=True, stated="a ready-made rule set")
_ON: Final = Argument("on", Text(), stated="a wallbox, or a charger; default: all that the set is about")
_INCLUDE: Final = (_SET, _ON)


def included(node: Node, scope: Scope) -> list[PlacedRule]:
    """The rules of a ready-made set; `Unreadable` after reporting what is wrong."""
    values = read_record(node, _INCLUDE, scope, given_only=True, what="a rule set")
    stated = checked(node, scope, lambda: expand(values.of(_SET, ""), scope.names, values.of(_ON)))
    if not stated:  # no vendor has to have a set, but then nothing was tested by it
        return [PlacedRule(NoRules(name=values.of(_SET, "")), node.place)]
    return [PlacedRule(read_rule(from_object(rule, "rule"), scope), node.place) for rule in stated]


def read_rule(node: Node, scope: Scope) -> Rule:
    """One rule; `Unreadable` after reporting what is wrong."""
    if node.entries is None:
        scope.fail(node, f"found {node.shown()}, expected a rule such as {EXAMPLE}")
    node = _lifted(node)
    keys = {key.text for key, _ in node.entries or ()}
    cls = next((cls for cls in RULES if cls.word in keys), None)
    if cls is None:
        words = [cls.word for cls in RULES]
        strange = next((key for key in keys - {"name", *KEYS}), "")
        scope.fail(
            node,
            f"this is not a rule, expected one of {', '.join(words)}{did_you_mean(strange, words) if strange else ''}",
        )
    values = _values(cls, node, scope)
    if cls is Always and isinstance(values["always"], EventPattern):
        scope.fail(
            node.get("always") or node, 'found something that happens, expected a condition, or a client with a "rate"'
        )
    rule = construct(cls, values)
    wrong = rule.problem()
    if wrong is not None:
        scope.fail(node.get(wrong[0]) or node, wrong[1])
    return rule


def _values(cls: type[Rule], node: Node, scope: Scope) -> RecordValues:
    arguments = [argument for argument in arguments_of(cls) if argument.name != "what"]
    entries = node.entries or ()
    if not cls.inline:
        return read_record(node, arguments, scope, what="a rule")
    own = replace(node, entries=tuple((key, value) for key, value in entries if key.text not in KEYS))
    good = True
    what: EventPattern | None = None
    values = RecordValues()
    try:
        what = inline(node, scope)
    except Unreadable:
        good = False
    try:
        values = read_record(own, arguments, scope, what="a rule")
    except Unreadable:
        good = False
    if not good or what is None:
        raise Unreadable
    values["what"] = what
    return values


def _lifted(node: Node) -> Node:
    """`always: {client: {requests: ..., rate: ...}}` with the rate beside the client, where the rule has it."""
    word = next((word for word in ("always", "never") if node.get(word) is not None), None)
    subject = node.get(word) if word is not None else node
    client = subject.get("client") if subject is not None else None
    if subject is None or client is None or client.get("rate") is None:
        return node
    moved = tuple((key, value) for key, value in client.entries or () if key.text in ("rate", "over"))
    rest = tuple((key, value) for key, value in client.entries or () if key.text not in ("rate", "over"))
    if word == "never":
        moved = tuple((key, _opposite(value) if key.text == "rate" else value) for key, value in moved)
    inner = tuple(
        (key, replace(client, entries=rest) if key.text == "client" else value) for key, value in subject.entries or ()
    )
    others = tuple((key, value) for key, value in node.entries or () if key.text != word) if word is not None else ()
    return replace(node, entries=(*others, *inner, *moved))


_OPPOSITE: Final = {">=": "<", "<=": ">", ">": "<=", "<": ">="}


def _opposite(node: Node) -> Node:
    """`> 1 /s` as `<= 1 /s`: what never may be is what always must not be."""
    if not isinstance(node.scalar, str):
        return node
    text = node.scalar.lstrip()
    sign = next((sign for sign in _OPPOSITE if text.startswith(sign)), None)
    return node if sign is None else replace(node, scalar=_OPPOSITE[sign] + text[len(sign) :])


def _schema(cls: type[Rule]) -> Schema:
    arguments = [argument for argument in arguments_of(cls) if argument.name != "what"]
    if cls.inline:
        wanted = {a.name: replace(a, required=False) for a in arguments_of(EventPattern)}
        arguments += [wanted[key] for key in KEYS if key not in {argument.name for argument in arguments}]
    title = f"rule_{snake_case(cls.__name__)}"
    schema = {"title": title, **record_schema(arguments), "description": (cls.__doc__ or "").strip().split("\n")[0]}
    if cls is AtRate:  # as it is written: the rate inside the client
        client: Schema = {"title": "rated_client", "type": "object", "required": ["client"]}
        nested = {
            "title": f"{title}_of_client",
            "type": "object",
            "required": ["name", "always"],
            "properties": {"always": client},
        }
        return {"anyOf": [schema, nested]}
    return schema


def rules_from(value: object, names: Names) -> list[PlacedRule]:
    """Rules from plain data: one, a ready-made set, or a list of them. ScenarioError with every problem."""
    scope = Scope(names)
    found: list[PlacedRule] = []
    with suppress(Unreadable):
        found = RulesSection().read(from_object(value if isinstance(value, list) else [value], "rules"), scope)
    if scope.problems:
        raise ScenarioError(scope.problems)
    return found
