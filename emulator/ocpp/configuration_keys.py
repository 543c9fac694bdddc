"""The configuration keys of each vendor's charge point, in the order of GetConfiguration."""

from __future__ import annotations

from typing import Final

from ocpp.v16.enums import Measurand

from .configuration import ConfigurationKey

PHASE_SUFFIXES: Final = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
ELEMENTS: Final = frozenset(Measurand) | {f"{name}.{phase}" for name in Measurand for phase in PHASE_SUFFIXES}


def _flag(name: str, default: bool = False, *, read_only: bool = False) -> ConfigurationKey:
    return ConfigurationKey(name=name, default=str(default).lower(), kind="boolean", read_only=read_only)


def _number(name: str, default: int, *, read_only: bool = False, lowest: int = 0) -> ConfigurationKey:
    return ConfigurationKey(name=name, default=str(default), kind="integer", read_only=read_only, lowest=lowest)


def _text(name: str, default: str = "", *, read_only: bool = True) -> ConfigurationKey:
    return ConfigurationKey(name=name, default=default, read_only=read_only)


def _measurands(
    name: str,
    default: str,
    *,
    reboot: bool = False,
    read_only: bool = False,
    longest: int = 25,
    elements: frozenset[str] = ELEMENTS,
) -> ConfigurationKey:
    return ConfigurationKey(
        name=name,
        default=default,
        kind="list",
        reboot=reboot,
        read_only=read_only,
        longest=longest,
        elements=elements,
    )


WARP_MEASURANDS: Final = (
    "Energy.Active.Export.Register,Energy.Active.Import.Register,Energy.Reactive.Export.Register,"
    "Energy.Reactive.Import.Register,Power.Active.Export,Power.Active.Import,Power.Offered,Power.Reactive.Export,"
    "Power.Reactive.Import,Power.Factor,Current.Import,Current.Export,Current.Offered,Voltage,Frequency,Temperature,"
    "SoC,RPM"
)
_WARP_NAMES: Final = frozenset(WARP_MEASURANDS.split(","))
_WARP_SAMPLED: Final = _WARP_NAMES | {f"{name}.{phase}" for name in _WARP_NAMES for phase in PHASE_SUFFIXES}

WARP: Final = (
    _flag("AuthorizeRemoteTxRequests"),
    _number("ClockAlignedDataInterval", 60),
    _number("ConnectionTimeOut", 60),
    ConfigurationKey(
        name="ConnectorPhaseRotation",
        default="1.Unknown",
        kind="list",
        longest=2,
        elements=frozenset(
            f"{connector}.{order}"
            for connector in (0, 1)
            for order in ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
        ),
    ),
    _number("ConnectorPhaseRotationMaxLength", 2, read_only=True),
    _number("GetConfigurationMaxKeys", 42, read_only=True),
    _number("HeartbeatInterval", 60, lowest=1),
    _flag("LocalAuthorizeOffline"),
    _flag("LocalPreAuthorize"),
    _number("MessageTimeout", 10, lowest=1),
    _measurands("MeterValuesAlignedData", WARP_MEASURANDS, reboot=True, elements=_WARP_NAMES),
    _number("MeterValuesAlignedDataMaxLength", 25, read_only=True),
    _measurands("MeterValuesSampledData", WARP_MEASURANDS, reboot=True, elements=_WARP_SAMPLED),
    _number("MeterValuesSampledDataMaxLength", 25, read_only=True),
    _number("MeterValueSampleInterval", 60),
    _number("NumberOfConnectors", 1, read_only=True),
    _number("ResetRetries", 1),
    _number("StopTransactionMaxMeterValues", 2, read_only=True),
    _flag("StopTransactionOnEVSideDisconnect", True, read_only=True),
    _flag("StopTransactionOnInvalidId"),
    _measurands("StopTxnAlignedData", "", longest=0),
    _number("StopTxnAlignedDataMaxLength", 0, read_only=True),
    _measurands("StopTxnSampledData", "", longest=0),
    _number("StopTxnSampledDataMaxLength", 0, read_only=True),
    _text("SupportedFeatureProfiles", "Core,SmartCharging"),
    _number("TransactionMessageAttempts", 3),
    _number("TransactionMessageRetryInterval", 10),
    _flag("UnlockConnectorOnEVSideDisconnect"),
    ConfigurationKey(name="WebSocketPingInterval", default="10", kind="integer", reboot=True, at_once=True),
    _number("ChargeProfileMaxStackLevel", 3, read_only=True),
    _text("ChargingScheduleAllowedChargingRateUnit", "Current"),
    _number("ChargingScheduleMaxPeriods", 5, read_only=True),
    _flag("ConnectorSwitch3to1PhaseSupported", True, read_only=True),
    _number("MaxChargingProfilesInstalled", 12, read_only=True),
)
"""Source: tfocpp. `ConnectorSwitch3to1PhaseSupported` follows the hardware: bind it."""

GOE: Final = (
    _flag("AllowOfflineTxForUnknownId"),
    _flag("AuthorizeRemoteTxRequests"),  # ASSUMED: default
    _number("GetConfigurationMaxKeys", 99, read_only=True),
    _number("ClockAlignedDataInterval", 0),
    _number("ConnectionTimeOut", 60, lowest=1),
    _flag("LocalAuthorizeOffline", True),
    _flag("LocalPreAuthorize"),  # ASSUMED
    _number("HeartbeatInterval", 3600, lowest=1),
    _number("LightIntensity", 17),
    _measurands(
        "MeterValuesSampledData",
        "Current.Import,Current.Offered,Energy.Active.Import.Register,Frequency,Power.Active.Import,Power.Factor,"
        "Power.Offered,Temperature,Voltage",
        longest=10,
        elements=ELEMENTS | {"LimitReason"},
    ),
    _number("MeterValuesSampledDataMaxLength", 10, read_only=True),
    _measurands("MeterValuesAlignedData", "Energy.Active.Import.Register,Power.Active.Import"),  # ASSUMED
    _number("MeterValueSampleInterval", 0),
    _number("NumberOfConnectors", 1, read_only=True),
    _text("ConnectorPhaseRotation", "0.RST,1.RST"),
    _number("LocalAuthListMaxLength", 10, read_only=True),
    _number("SendLocalListMaxLength", 10, read_only=True),
    _number("MaxChargingProfilesInstalled", 20, read_only=True),
    _text("SupportedFeatureProfiles", "Core,FirmwareManagement,SmartCharging,RemoteTrigger"),
    _number("SupportedFeatureProfilesMaxLength", 6, read_only=True),
    _flag("ConnectorSwitch3to1PhaseSupported", True, read_only=True),
    _number("ChargeProfileMaxStackLevel", 20, read_only=True),  # ASSUMED
    _number("ChargingScheduleMaxPeriods", 20, read_only=True),  # ASSUMED
    _text("ChargingScheduleAllowedChargingRateUnit", "Current"),  # ASSUMED
    _number("WebSocketPingInterval", 0),  # ASSUMED
)
"""Source: captures of firmware 055; go-eCharger-API-v2 change logs."""

_COMMON: Final = (
    _flag("AllowOfflineTxForUnknownId"),
    _flag("AuthorizationCacheEnabled", True),
    _flag("AuthorizeRemoteTxRequests"),
    _number("ClockAlignedDataInterval", 0),
    _number("ConnectionTimeOut", 60, lowest=1),
    _text("ConnectorPhaseRotation", "0.RST,1.RST", read_only=False),
    _number("GetConfigurationMaxKeys", 100, read_only=True),
    _number("HeartbeatInterval", 60, lowest=1),
    _flag("LocalAuthorizeOffline", True),
    _flag("LocalPreAuthorize"),
    _measurands("MeterValuesAlignedData", "Energy.Active.Import.Register"),
    _measurands("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import,Current.Import"),
)
_COMMON_REST: Final = (
    _number("NumberOfConnectors", 1, read_only=True),
    _number("ResetRetries", 1),
    _flag("StopTransactionOnEVSideDisconnect", True, read_only=True),
    _flag("StopTransactionOnInvalidId", True),
    _text("SupportedFeatureProfiles", "Core,SmartCharging,LocalAuthListManagement,Reservation,RemoteTrigger"),
    _number("TransactionMessageAttempts", 3),
    _number("TransactionMessageRetryInterval", 60),
    _flag("UnlockConnectorOnEVSideDisconnect", True),
    _number("WebSocketPingInterval", 0),
    _flag("LocalAuthListEnabled", True),
    _number("LocalAuthListMaxLength", 1000, read_only=True),
    _number("SendLocalListMaxLength", 100, read_only=True),
    _number("ChargeProfileMaxStackLevel", 20, read_only=True),
    _text("ChargingScheduleAllowedChargingRateUnit", "Current"),
    _number("ChargingScheduleMaxPeriods", 20, read_only=True),
    _number("MaxChargingProfilesInstalled", 20, read_only=True),
)

GENERIC: Final = (*_COMMON, _number("MeterValueSampleInterval", 60), *_COMMON_REST)
"""ASSUMED: all of it."""

BENDER: Final = (
    *_COMMON,
    ConfigurationKey(name="MeterValueSampleInterval", default="60", kind="integer", lowest=10, highest=99_999),
    *_COMMON_REST,
    _text("ChargePointVendor", "Bender GmbH Co. KG"),
    _text("ChargePointModel", "CC612_2S0R"),
)
"""Source of the range of MeterValueSampleInterval and of vendor and model: Bender OCPP In-Depth Guide 5.32; the rest
ASSUMED."""
