"""Small logs in every notation, typed anew with neutral values. A box that charges at 10 A on three phases, mostly."""

# ruff: noqa: E501 - lines of logs are as long as they are

from __future__ import annotations

from typing import Final

EVCC_GOE: Final = """\
[go-e  ] TRACE 2026/02/03 10:00:00 GET http://192.0.2.10/api/status?filter=alw,car,eto,nrg,wh
[go-e  ] TRACE 2026/02/03 10:00:00 {"alw":true,"car":1,"eto":5000,"wh":0,"nrg":[231,230,232,1,0,0,0,0,0,0,0,0,0,0,0,0]}
[lp-1  ] DEBUG 2026/02/03 10:00:00 charger status: A
[go-e  ] TRACE 2026/02/03 10:00:30 GET http://192.0.2.10/api/status?filter=alw,car,eto,nrg,wh
[go-e  ] TRACE 2026/02/03 10:00:30 {"alw":true,"car":2,"eto":5019,"wh":19,"nrg":[229,228,230,1,9.8,9.8,9.8,2200,2200,2200,0,6700,99,99,99,14]}
[go-e  ] TRACE 2026/02/03 10:00:31 GET http://192.0.2.10/api/set?frc=1
[go-e  ] TRACE 2026/02/03 10:00:31 {"frc":true}
[go-e  ] TRACE 2026/02/03 10:01:00 GET http://192.0.2.10/api/status?filter=alw,car,eto,nrg,wh
[go-e  ] TRACE 2026/02/03 10:01:00 {"alw":false,"car":4,"eto":5024,"wh":24,"nrg":[231,230,232,1,0,0,0,0,0,0,0,0,0,0,0,0]}
"""

EVCC_GOE_BEHIND: Final = """\
[go-e] TRACE 2026/02/03 10:00:00 {"alw":true,"car":1,"eto":5000,"wh":0}
[go-e] TRACE 2026/02/03 10:00:00 GET http://192.0.2.10/api/status?filter=alw,car,eto,wh
[go-e] TRACE 2026/02/03 10:00:20 {"amp":true}
[go-e] TRACE 2026/02/03 10:00:20 GET http://192.0.2.10/api/set?amp=8
[go-e] TRACE 2026/02/03 10:00:30 {"alw":true,"car":2,"eto":5019,"wh":20,"amp":8}
[go-e] TRACE 2026/02/03 10:00:30 GET http://192.0.2.10/api/status?filter=alw,car,eto,wh,amp
"""
"""Since evcc 0.306 a request stands behind its reply."""

EVCC_DUMP: Final = """\
[go-e  ] TRACE 2021/02/03 10:00:00 GET http://192.0.2.10/api/status?filter=alw,car
[go-e  ] TRACE 2021/02/03 10:00:00 
GET /api/status?filter=alw,car HTTP/1.1
Host: 192.0.2.10
User-Agent: Go-http-client/1.1

HTTP/1.1 200 OK
Transfer-Encoding: chunked
Content-Type: application/json

14
{"alw":true,"car":1}
0
"""  # noqa: W291

EVCC_WARP_MQTT: Final = """\
[warp  ] TRACE 2026/02/03 10:00:00 recv warp3/AbCd/evse/state: '{"iec61851_state":2,"charger_state":3,"allowed_charging_current":10000,"error_state":0}'
[warp  ] TRACE 2026/02/03 10:00:00 recv warp3/AbCd/meter/values: '{"power":6700,"energy_rel":12.5,"energy_abs":12.5}'
[warp  ] TRACE 2026/02/03 10:00:05 send warp3/AbCd/evse/external_current_update: '{ "current": 0 }'
[warp  ] TRACE 2026/02/03 10:00:20 recv warp3/AbCd/evse/state: '{"iec61851_state":1,"charger_state":1,"allowed_charging_current":0,"error_state":0}'
[warp  ] TRACE 2026/02/03 10:00:20 recv warp3/AbCd/meter/values: '{"power":0,"energy_rel":12.51,"energy_abs":12.51}'
"""

EVCC_WARP_WS: Final = """\
[warp-ws] TRACE 2026/02/03 10:00:00 websocket: event info/name: {"name":"warp2-AbCd","type":"warp2","display_type":"WARP2 Charger Pro 11kW","uid":"AbCd"}
[warp-ws] TRACE 2026/02/03 10:00:00 websocket: event info/version: {"firmware":"2.9.0+69831bfb","config":"2.9.1","config_type":"warp"}
[warp-ws] TRACE 2026/02/03 10:00:01 ws event evse/state: {"iec61851_state":0,"charger_state":0,"allowed_charging_current":16000,"error_state":0}
[warp-ws] TRACE 2026/02/03 10:00:05 PUT http://192.0.2.11/evse/external_current_update
[warp-ws] TRACE 2026/02/03 10:00:05 {"current":8000}
"""

EVCC_KEBA_UDP: Final = """\
[keba  ] TRACE 2026/02/03 10:00:00 send to 192.0.2.12:7090 report 2
[keba  ] TRACE 2026/02/03 10:00:00 recv from 192.0.2.12:7090 {
"ID": "2",
"State": 1,
"Error1": 0,
"Plug": 3,
"Enable sys": 1,
"Enable user": 1,
"Max curr": 0,
"Max curr %": 1000,
"Curr HW": 16000,
"Curr user": 12000,
"Serial": "20000001",
"Sec": 500
}
[keba  ] TRACE 2026/02/03 10:00:10 send 192.0.2.12:7090: curr 9000
[keba  ] TRACE 2026/02/03 10:00:10 recv 192.0.2.12:7090: TCH-OK :done
[keba  ] TRACE 2026/02/03 10:00:20 recv 192.0.2.12:7090: {
"Plug": 7
}
[keba  ] TRACE 2026/02/03 10:00:40 recv 192.0.2.12:7090: {
"ID": "2",
"State": 3,
"Plug": 7,
"Enable user": 1,
"Max curr": 9000,
"Max curr %": 150,
"Curr HW": 16000,
"Curr user": 9000,
"Serial": "20000001",
"Sec": 540
}
"""

EVCC_KEBA_MODBUS: Final = """\
[keba  ] TRACE 2026/02/03 10:00:00 modbus: send 00 01 00 00 00 06 ff 03 03 f8 00 02
[keba  ] TRACE 2026/02/03 10:00:00 modbus: recv 00 01 00 00 00 07 ff 03 04 00 04 cc 73
[keba  ] TRACE 2026/02/03 10:00:00 modbus: send 00 02 00 00 00 06 ff 03 03 e8 00 02
[keba  ] TRACE 2026/02/03 10:00:00 modbus: recv 00 02 00 00 00 07 ff 03 04 00 00 00 03
	Charge status:	C
[keba  ] TRACE 2026/02/03 10:00:00 modbus: send 00 03 00 00 00 06 ff 03 03 fc 00 02
[keba  ] TRACE 2026/02/03 10:00:00 modbus: recv 00 03 00 00 00 07 ff 03 04 00 66 ff 30
[keba  ] TRACE 2026/02/03 10:00:10 modbus: send 00 04 00 00 00 06 ff 06 13 8c 1f 40
[keba  ] TRACE 2026/02/03 10:00:10 modbus: recv 00 04 00 00 00 06 ff 06 13 8c 1f 40
"""

EVCC_LEKTRICO: Final = """\
[lektrico] TRACE 2026/02/03 10:00:00 GET http://192.0.2.13/rpc/charger_info.get
[lektrico] TRACE 2026/02/03 10:00:00 {"charger_state":"C","extended_charger_state":"C","instant_power":6700,"currents":[9.8,9.8,9.8],"voltages":[228,229,230],"dynamic_current":10,"session_energy":500,"fw_version":"1.47"}
[lektrico] TRACE 2026/02/03 10:00:10 POST http://192.0.2.13/rpc
[lektrico] TRACE 2026/02/03 10:00:10 {"src":"evcc","id":1,"method":"dynamic_current.set","params":{"dynamic_current":0}}
--
{"id":1,"src":"3p22k_600999","result":true}
[lektrico] TRACE 2026/02/03 10:00:30 GET http://192.0.2.13/rpc/charger_info.get
[lektrico] TRACE 2026/02/03 10:00:30 {"charger_state":"B","extended_charger_state":"B_PAUSE","instant_power":0,"currents":[0,0,0],"dynamic_current":0,"session_energy":520,"fw_version":"1.47"}
"""

HA_KEBA: Final = """\
2026-02-03 10:00:00.100 DEBUG (MainThread) [keba_kecontact.connection] Send report 2 to 192.0.2.12
2026-02-03 10:00:00.150 DEBUG (MainThread) [keba_kecontact.connection] Datagram received from 192.0.2.12: {
"ID": "2",
"State": 2,
"Plug": 7,
"Enable sys": 1,
"Enable user": 1,
"Curr HW": 32000,
"Curr user": 32000,
"Serial": "20000001",
"Sec": 900
}
2026-02-03 10:00:00.200 DEBUG (MainThread) [keba_kecontact.charging_station] Executed 4 callbacks
"""

HA_KEBA_OLD: Final = """\
2026-02-03 10:00:00 DEBUG (MainThread) [keba_kecontact.connection] Datagram recvied from ('192.0.2.12', 7090): '{\\n"ID": "2",\\n"State": 1,\\n"Plug": 3,\\n"Serial": "20000001",\\n"Sec": 900\\n}\\n'
"""

HA_MQTT: Final = """\
2026-02-03 10:00:00.100 DEBUG (MainThread) [homeassistant.components.mqtt.client] Received retained message on go-eCharger/654321/car (qos=0): b'1'
2026-02-03 10:00:00.110 DEBUG (MainThread) [homeassistant.components.mqtt.client] Received message on go-eCharger/654321/amp (qos=0): b'16'
2026-02-03 10:00:05.000 DEBUG (MainThread) [homeassistant.components.mqtt.client] Transmitting message on go-eCharger/654321/amp/set: '10', mid: 3
2026-02-03 10:00:09.000 DEBUG (MainThread) [homeassistant.components.mqtt.client] Received message on go-eCharger/654321/amp (qos=0): b'10'
"""

HA_DIAGNOSTICS: Final = """\
{
  "home_assistant": {"version": "2026.4.1"},
  "integration_manifest": {"domain": "nrgkick", "name": "NRGkick"},
  "data": {
    "entry_data": {"host": "**REDACTED**"},
    "coordinator_data": {
      "info": {"general": {"serial_number": "**REDACTED**", "model_type": "NRGkick Gen2", "rated_current": 16.0}},
      "control": {"current_set": 12.0, "charge_pause": 0, "energy_limit": 0, "phase_count": 3},
      "values": {
        "powerflow": {"total_active_power": 0, "l1": {"voltage": 229.5, "current": 0}},
        "general": {"status": 1, "charge_permitted": 0, "relay_state": 0, "rcd_trigger": 0}
      }
    }
  }
}
"""

IOBROKER: Final = """\
2026-02-03 10:00:00.100 - debug: kecontact.0 (4711) Sent "report 3" to 192.0.2.12:7090
2026-02-03 10:00:00.150 - debug: kecontact.0 (4711) UDP datagram from 192.0.2.12:7090: '{"ID": "3", "U1": 0, "I1": 0, "P": 0, "E pres": 0, "E total": 812345, "Serial": "20000001", "Sec": 77} '
2026-02-03 10:00:04.000 - debug: kecontact.0 (4711) UDP datagram from 192.0.2.12:7090: '{"Plug": 7}'
2026-02-03 10:00:04.001 - debug: kecontact.0 (4711) UDP broadcast datagram from 192.0.2.12:7090: '{"Plug": 7}'
2026-02-03 10:00:09.000 - debug: kecontact.0 (4711) update state kecontact.0.plug with value:7
"""

IOBROKER_PAGE: Final = """\
kecontact.0
2026-02-03 10:00:04.000\tdebug\tUDP datagram from 192.0.2.12:7090: "{"Plug": 7}"

kecontact.0
2026-02-03 10:00:00.000\tdebug\tUDP datagram from 192.0.2.12:7090: "{"ID": "2", "State": 1, "Plug": 3, "Serial": "20000001", "Sec": 77}"
"""
"""The admin page: newest first, three parts."""

MOSQUITTO: Final = """\
user@host:~$ mosquitto_sub -h broker -t '/go-eCharger/#' -v
/go-eCharger/654321/car 1
/go-eCharger/654321/alw true
/go-eCharger/654321/amp 12
/go-eCharger/654321/ccw {"ssid":"Villa Kunterbunt","ip":"10.1.2.3"}
/go-eCharger/654321/amp/set 10
/go-eCharger/654321/amp/result success
/go-eCharger/654321/amp 10
"""

BRIDGE: Final = """\
[warp  ] TRACE 2026/02/03 10:00:00 recv warp3/AbCd/evse/state: '{"val":"{\\"iec61851_state\\":0,\\"charger_state\\":0}","ack":true,"ts":1770112800000}'
"""

WEBSOCKET: Final = """\
{"type":"hello","serial":"654321","devicetype":"go-eCharger_V4","version":"60.5","protocol":4,"secured":true}
{"type":"fullStatus","partial":true,"status":{"car":1,"alw":true,"amp":14,"var":22}}
{"type":"fullStatus","partial":false,"status":{"eto":123456,"wh":0}}
{"type":"response","requestId":"1","success":true,"status":{"amp":10}}
{"type":"deltaStatus","status":{"amp":10,"car":1}}
"""

OPENWB: Final = """\
2026-02-03 10:00:00,123 - {modules.common.req:42} - {DEBUG:Thread-3} - Get-Response: {"car":1,"alw":true,"amp":16}
"""

PYMODBUS: Final = """\
2026-02-03 10:00:00.123 DEBUG (MainThread) [pymodbus.logging] send: 0x0 0x1 0x0 0x0 0x0 0x6 0xff 0x3 0x3 0xe8 0x0 0x2
2026-02-03 10:00:00.143 DEBUG (MainThread) [pymodbus.logging] recv: 0x0 0x1 0x0 0x0 0x0 0x7 0xff 0x3 0x4 0x0 0x0 0x0 0x1 old_data:  addr=None
"""

DEBUG_ONLY: Final = """\
[lp-1  ] DEBUG 2026/02/03 10:00:00 charger status: C
[lp-1  ] DEBUG 2026/02/03 10:00:00 charge power: 6700W
[lp-1  ] DEBUG 2026/02/03 10:00:00 charge currents: [9.8 9.8 9.8]A
[lp-1  ] DEBUG 2026/02/03 10:00:10 charger disable
[lp-1  ] DEBUG 2026/02/03 10:00:30 charger status: B
[lp-1  ] DEBUG 2026/02/03 10:00:30 charge power: 0W
[lp-1  ] DEBUG 2026/02/03 10:00:30 charge currents: [0 0 0]A
"""

REGISTERS: Final = """\
122 2
1000 16
"""

EVERY: Final = {
    "EVCC_GOE": (EVCC_GOE, "goe", 60),
    "EVCC_GOE_BEHIND": (EVCC_GOE_BEHIND, "goe", 9),
    "EVCC_DUMP": (EVCC_DUMP, "goe", 2),
    "EVCC_WARP_MQTT": (EVCC_WARP_MQTT, "warp", 14),
    "EVCC_WARP_WS": (EVCC_WARP_WS, "warp", 7),
    "EVCC_KEBA_UDP": (EVCC_KEBA_UDP, "keba", 19),
    "EVCC_KEBA_MODBUS": (EVCC_KEBA_MODBUS, "keba", 3),
    "EVCC_LEKTRICO": (EVCC_LEKTRICO, "lektrico", 21),
    "HA_KEBA": (HA_KEBA, "keba", 7),
    "HA_KEBA_OLD": (HA_KEBA_OLD, "keba", 3),
    "HA_MQTT": (HA_MQTT, "goe", 3),
    "HA_DIAGNOSTICS": (HA_DIAGNOSTICS, "nrgkick", 13),
    "IOBROKER": (IOBROKER, "keba", 7),
    "IOBROKER_PAGE": (IOBROKER_PAGE, "keba", 4),
    "MOSQUITTO": (MOSQUITTO, "goe", 4),
    "BRIDGE": (BRIDGE, "warp", 2),
    "WEBSOCKET": (WEBSOCKET, "goe", 8),
    "OPENWB": (OPENWB, "goe", 3),
    "PYMODBUS": (PYMODBUS, "keba", 1),
    "DEBUG_ONLY": (DEBUG_ONLY, "goe", 10),
}
"""The text, whose box it is, and how many values it tells that are not personal."""
