"""What a vendor sells, and which profile a model and a firmware version are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import EmulatorError, did_you_mean
from .firmware import Model, Profile, version_of
from .realism import Habits
from .settings import Setting, by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class OcppSwitch:
    """How a vendor's wallboxes are told where the central system is."""

    settings: Callable[[str], Mapping[str, object]]
    """Settings that switch OCPP on, for a URL."""
    models: Callable[[str], bool] = lambda _model: True
    """Whether a model, by its id, has OCPP."""
    appends_identity: bool = True
    """The wallbox appends its identity to the URL; False: the URL has to end with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What tells a wallbox from others, as far as it is stated before it runs."""

    address: str
    """`garage.goe`"""
    model: str
    serial: str
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a vendor sells: models, their firmware, and what they store."""

    id: str
    """`goe`"""
    title: str
    about: str = ""
    """What is reproduced from where, where no NOTES.md says it."""
    models: tuple[Model, ...]
    default_model: str
    ports: Mapping[str, int]
    """Default port of each interface that listens."""
    real_ports: Mapping[str, int]
    """Ports of the real device, used on an address of its own."""
    settings: tuple[Setting[object], ...]
    everything: Mapping[str, object] = field(default_factory=dict)
    """Settings that switch every interface on, with open access: what the default emulator uses."""
    enable: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Per interface (`http`, `modbus`, `mqtt`, ...): settings that switch it on when a scenario lists it. A model may
    have its own."""

    habits: Habits = field(default_factory=Habits)
    """How long its wallboxes take to answer, and what their meters make of what they measure."""

    ocpp: OcppSwitch | None = None
    """How OCPP is switched on when a scenario says where the central system is; None: it has no OCPP."""

    peers: Callable[[Identity], Iterable[str]] = lambda _: ()
    """What a wallbox has in common with others of this vendor that it acts upon, or that act upon it: any two that give
    the same text do."""

    by_setting: Mapping[str, Setting[object]] = field(init=False, repr=False, compare=False)
    """`settings` by name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_setting", by_name(self.settings))

    def model(self, name: str | None) -> Model:
        """The model called `name` (None: the default). EmulatorError with a suggestion if there is none."""
        wanted = self.default_model if name is None else name
        for model in self.models:
            if model.id == wanted:
                return model
        raise EmulatorError(f'{self.title} has no model "{wanted}"{did_you_mean(wanted, [m.id for m in self.models])}')

    def enabling(self, model: Model, interface: str) -> Mapping[str, object]:
        """The settings that switch an interface of a model on."""
        return model.enable.get(interface, self.enable.get(interface, {}))

    def profile(self, model: str | None = None, firmware: str | None = None, *, offered: bool = False) -> Profile:
        """The profile for a model and firmware (None: their defaults). EmulatorError if unknown.

        `offered`: by an update server; what is newer than every profile behaves as the newest.
        """
        chosen = self.model(model)
        text = firmware if firmware is not None else chosen.default_firmware
        try:
            version = version_of(text)
        except ValueError:
            raise EmulatorError(f'"{text}" is not a firmware version; {_known(chosen)}') from None
        if version < version_of(chosen.firmwares[0]) or (version > version_of(chosen.firmwares[-1]) and not offered):
            raise EmulatorError(f'{chosen.id} has no profile for firmware "{text}"; {_known(chosen)}')
        return Profile(model=chosen, firmware=version)


def _known(model: Model) -> str:
    return f"{model.id} has profiles for {', '.join(model.firmwares)}"
