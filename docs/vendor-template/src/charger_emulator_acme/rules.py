"""What Acme asks of clients. `{w}` is the wallbox."""

from emulator.verdict.catalogue import ReadyRule, RuleSet

RECOMMENDED = RuleSet(
    name="acme/recommended",
    vendor="acme",
    about="What Acme's manual asks for.",
    rules=(
        ReadyRule(
            name="polls at most once a second",
            rule={"always": {"client": {"requests": "{w}", "rate": "<= 1 /s"}}},
            source="Acme's manual",
        ),
    ),
)
