"""HTTP API v2: requests and replies as captured, every text of a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from bench import Bench

Make = Callable[..., Bench]


# --- status ----------------------------------------------------------------------------------------------------------


def test_a_status_reply_looks_like_the_devices(goe: Make) -> None:
    reply = goe().request("/api/status?filter=alw")
    assert (reply.status, reply.body, reply.content_type) == (200, b'{"alw":true}', "application/json")
    assert ("Access-Control-Allow-Origin", "*") in reply.headers
    assert reply.chunked
    assert reply.close


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("alw,car,eto,nrg,wh,trx,cards", "alw,eto,car,wh,trx,nrg,cards"),
        (
            "mod,psm,trx,alw,tma,wh,dwo,frc,nrg,awp,amp,car,err,cbl,fwv,eto",
            "alw,dwo,eto,amp,frc,car,err,cbl,wh,trx,fwv,tma,nrg,awp,psm",
        ),
    ],
)
def test_members_follow_the_firmwares_order(goe: Make, asked: str, answered: str) -> None:
    assert list(goe().get(f"/api/status?filter={asked}")) == answered.split(",")


def test_the_full_status_begins_as_captured(goe: Make) -> None:
    names = list(goe().get("/api/status"))
    assert names[:8] == ["alw", "alwt", "acu", "cll", "adi", "dwo", "tpa", "sse"]
    assert names.index("men") == names.index("cards") + 1
    old = list(goe(firmware="53.1").get("/api/status"))
    assert old[:13] == ["mod", "rfb", "stao", "alw", "acu", "acui", "adi", "dwo", "tpa", "sse", "eto", "etop", "wifis"]


@pytest.mark.parametrize(
    "query",
    [
        "filter=amp,frc",
        "filter=amp%2Cfrc",
        'filter=["amp","frc"]',
        "filter=%5B%22amp%22%2C%22frc%22%5D",
        "filter=frc,amp,amp",
        "filter=amp,frc,xyz",
        "filter=amp,rst,frc,ids",
        "filter=amp,frc,ccu,rfb",
        "x=1&filter=amp,frc",
    ],
)
def test_filters(goe: Make, query: str) -> None:
    reply = goe().request(f"/api/status?{query}")
    assert (reply.status, reply.body) == (200, b'{"amp":16,"frc":0}')


@pytest.mark.parametrize("query", ["", "?", "?filter=", "?other=1"])
def test_without_a_filter_everything_comes(goe: Make, query: str) -> None:
    assert len(goe().get(f"/api/status{query}")) > 300


def test_a_filter_of_unknown_names_leaves_nothing(goe: Make) -> None:
    assert goe().request("/api/status?filter=foo").body == b"{}"


def test_the_newer_platform_answers_400_with_the_rest(goe: Make) -> None:
    core = goe("core")
    reply = core.request("/api/status?filter=car,cbl")
    assert (reply.status, reply.body) == (400, b'{"car":1}')
    assert core.request("/api/status?filter=car,alw").status == 200
    whole = core.request("/api/status")
    assert whole.status == 400
    assert json.loads(whole.body)["typ"] == "go-eCharger_Phoenix"
    assert core.request("/api/status?filter=rst,car").status == 200


def test_the_status_for_unknown_keys_can_be_chosen(goe: Make) -> None:
    assert goe(unknown_key_status=400).request("/api/status?filter=car,xyz").status == 400
    assert goe("pro", unknown_key_status=200).request("/api/status").status == 200


def test_the_newer_platform_lacks_lock_and_button(goe: Make) -> None:
    status = goe("pro").get("/api/status")
    lacking = "cbl cus ffb lck upo sdp bac ust hla msp lbp bar tse tsss wcb wfb wpb".split()  # noqa: SIM905
    assert not set(lacking) & set(status)
    assert {"cce", "styp", "sock", "shut", "cert", "eto_mid", "wh_mid", "mia", "iso2en"} <= set(status)
    assert status["adi"] is True
    assert len(status["tma"]) == 6  # type: ignore[arg-type]


def test_all_table_keys_can_be_switched_on(goe: Make) -> None:
    assert "rfb" not in goe().get("/api/status")
    status = goe(all_seed_keys=True).get("/api/status")
    assert {"rfb", "etop", "eci", "apd", "part", "fwc", "msi"} <= set(status)
    assert "cbl" in goe("core", all_seed_keys=True).get("/api/status")


def test_cards_are_missing_in_60_0_to_60_2(goe: Make) -> None:
    for firmware, has_array, has_slots in (("59.4", True, False), ("60.1", False, True), ("60.3", True, True)):
        status = goe(firmware=firmware).get("/api/status")
        assert ("cards" in status, "c0n" in status) == (has_array, has_slots)


def test_types_that_changed_with_the_firmware(goe: Make) -> None:
    assert goe(firmware="53.1").get("/api/status?filter=bac,sdp,lot") == {"bac": True, "sdp": False, "lot": 32}
    assert goe(firmware="55.5").get("/api/status?filter=bac,lot") == {"bac": 3, "lot": {"amp": 32, "ts": 0}}
    assert goe().box.read("lot") == {"amp": 32, "dyn": 32, "sta": 32, "ts": 0}


@pytest.mark.parametrize(
    ("model", "firmware", "fwv", "host", "typ", "var"),
    [
        ("gemini-22", "53.1", "053.1", "go-echarger_123456", "go-eCharger_V4", 22),
        ("v3-11", "055.5", "055.5", "go-echarger_123456", "go-eCharger", 11),
        ("gemini-11", "56.8", "56.8", "go-echarger_123456", "go-eCharger_V4", 11),
        ("gemini-2-22", "60.5", "60.5", "go-eCharger-412345", "go-eCharger_V5", 22),
        ("core", "60.5", "60.5", "go-eCharger-612345", "go-eCharger_Phoenix", 22),
    ],
)
def test_identity(goe: Make, model: str, firmware: str, fwv: str, host: str, typ: str, var: int) -> None:
    found = goe(model, firmware).get("/api/status?filter=fwv,host,typ,var,oem,sse")
    assert found["sse"] == host[-6:]
    assert {k: found[k] for k in ("fwv", "host", "typ", "var", "oem")} == {
        "fwv": fwv, "host": host, "typ": typ, "var": var, "oem": "go-e"
    }  # fmt: skip


# --- set -------------------------------------------------------------------------------------------------------------

REFUSED = [
    ("alw=true", "alw: tried to set api key without setter (true)"),
    ("amp=5", "amp: failed: Value 5 exceeds range 6 to 32 (5)"),
    ("amp=33", "amp: failed: Value 33 exceeds range 6 to 32 (33)"),
    ("amp=300", "amp: failed: Value 300 exceeds range 6 to 32 (300)"),
    ("frc=-1", "frc: failed: Value -1 exceeds range 0 to 2 (-1)"),
    ("frc=3", "frc: failed: Value 3 exceeds range 0 to 2 (3)"),
    ("acs=3", "acs: failed: Value 3 exceeds range 0 to 2 (3)"),
    ("lmo=2", "lmo: failed: Value 2 exceeds range 3 to 5 (2)"),
    ("ust=3", "ust: failed: Value 3 exceeds range 0 to 2 (3)"),
    ("cch=#FF0000", "cch: tried to set api key with invalid json EmptyInput ()"),
    ("cch=", "cch: tried to set api key with invalid json EmptyInput ()"),
    ("fna=new_name", "fna: tried to set api key with invalid json IncompleteInput (new_name)"),
    ("fna=garage", "fna: tried to set api key with invalid json InvalidInput (garage)"),
    ("fna=0", "fna: failed: value must be string (0)"),
    ("sua=0", "sua: failed: value must be bool (0)"),
    ("amp=7.5", "amp: failed: value must be uint8 (7.5)"),
    ("amp=%2216%22", "amp: failed: value must be uint8 (16)"),
    ("amp=true", "amp: failed: value must be uint8 (true)"),
    ("trx=1", "trx: failed: starting transaction for 1 is not allowed (1)"),
    ("xyz=1", "xyz: unknown api key (1)"),
    ("rfb=1", "rfb: unknown api key (1)"),
    ("clp=%22[6,%2010]%22", "clp: failed: value must be array<uint8> ([6, 10])"),
    ("clp=[6,40]", "clp: failed: Value 40 exceeds range 6 to 32 ([6,40])"),
    ("ids={}", "ids: failed: value must be object ({})"),
    ("psmd=500", "psmd: failed: Value 500 exceeds range 10000 to 3600000 (500)"),
    ("sumd=4999", "sumd: failed: Value 4999 exceeds range 5000 to 3600000 (4999)"),
]


@pytest.mark.parametrize(("query", "text"), REFUSED)
def test_texts_of_refusals(goe: Make, query: str, text: str) -> None:
    reply = goe().request(f"/api/set?{query}")
    key = query.partition("=")[0]
    assert reply.status == 500
    assert json.loads(reply.body) == {key: text}
    assert reply.content_type == "application/json"
    assert not reply.chunked


def test_a_refusal_does_not_keep_the_others_from_being_written(goe: Make) -> None:
    world = goe(firmware="54.1")
    reply = world.request("/api/set?acs=1&ct=%22renaultZoe%22")
    assert reply.status == 500
    assert reply.body == (b'{"acs":true,"ct":"ct: tried to set api key which is not allowed from api (renaultZoe)"}')
    assert world.box.read("acs") == 1
    assert goe(firmware="55.5").get("/api/set?ct=%22renaultZoe%22") == {"ct": True}


def test_success(goe: Make) -> None:
    world = goe()
    reply = world.request("/api/set?frc=1&amp=10")
    assert (reply.status, reply.body, reply.content_type) == (200, b'{"amp":true,"frc":true}', "application/json")
    assert world.get("/api/status?filter=frc,amp") == {"amp": 10, "frc": 1}, "readable at once"


def test_nothing_to_set(goe: Make) -> None:
    reply = goe().request("/api/set")
    assert (reply.status, reply.body) == (200, b"{}")


def test_the_value_buffer_is_256_bytes(goe: Make) -> None:
    world = goe()
    fits = "%22" + "x" * (255 - 6) + "%22"
    assert len(fits) == 255
    assert "failed: value must not be longer" in str(world.get(f"/api/set?fna={fits}")["fna"])
    reply = world.request(f"/api/set?fna={fits}x")
    assert reply.status == 500
    assert b"httpd_query_key_value() failed with ESP_ERR_HTTPD_RESULT_TRUNC" in reply.body
    schedule = json.dumps(world.box.read("sch_week"), separators=(",", ":")).replace('"', "%22")
    assert b"TRUNC" in world.request(f"/api/set?sch_week={schedule}").body, "with seconds it does not fit"


@pytest.mark.parametrize("query", ["dwo=5000.0", "dwo=5000", "dwo=null", "dwo=0"])
def test_numbers_and_null(goe: Make, query: str) -> None:
    assert goe().request(f"/api/set?{query}").status == 200


@pytest.mark.parametrize(
    ("query", "key", "value"),
    [
        ("bac=true", "bac", 3),
        ("bac=false", "bac", 0),
        ("bac=2", "bac", 2),
        ("sdp=1", "sdp", 1),
        ("upo=1", "upo", True),
        ("upo=false", "upo", False),
        ("loty=true", "loty", 1),
        ("lot=20", "lot.amp", 20),
        ("lot=%7B%22amp%22:25%7D", "lot.dyn", 25),
        ("fna=%22caf%C3%A9%20%26%20co%22", "fna", "café & co"),
        ("mtp=%22cars/one/%22", "mtp", "cars/one/"),
        ("clp=[6,8,20]", "clp", [6, 8, 20]),
        ("awpl=[%7B%22start%22:1,%22end%22:2,%22marketprice%22:3.5%7D]", "awpl.0.marketprice", 3.5),
        ("delw=0", "wifis.0.ssid", ""),
        ("wifis=[%7B%7D,%7B%22ssid%22:%22second%22,%22key%22:%22secret%22%7D]", "wifis.1.key", True),
    ],
)
def test_lenient_setters(goe: Make, query: str, key: str, value: object) -> None:
    world = goe()
    assert world.request(f"/api/set?{query}").status == 200
    assert world.box.read(key) == value


def test_null_brings_back_the_factory_prefix(goe: Make) -> None:
    world = goe(mtp="x/")
    world.get("/api/set?mtp=null")
    assert world.box.read("mtp") == "go-eCharger/123456/"


# --- everything else -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("firmware", "text"), [("59.4", b"This URI does not exist"), ("60.5", b"Nothing matches the given URI")]
)
def test_unknown_paths_and_a_disabled_api(goe: Make, firmware: str, text: bytes) -> None:
    on = goe(firmware=firmware)
    for target in ("/nothing", "/status", "/api/status/"):
        reply = on.request(target)
        assert (reply.status, reply.body, reply.content_type) == (404, text, "text/html")
    off = goe(firmware=firmware, hai=False)
    assert {off.request(f"/api/{path}").status for path in ("status", "status?filter=alw", "set?amp=6")} == {404}
    assert off.box.read("amp") == 16


def test_other_methods(goe: Make) -> None:
    reply = goe().request("/api/status", "POST")
    assert (reply.status, reply.body) == (405, b"Request method for this URI is not handled by server")


def test_the_page(goe: Make) -> None:
    reply = goe().request("/")
    assert (reply.status, reply.content_type) == (200, "text/html")


def test_switching_the_api_off_over_itself(goe: Make) -> None:
    world = goe()
    assert world.request("/api/set?hai=false").status == 200
    assert world.request("/api/status").status == 404


def test_writes_are_in_the_journal(goe: Make) -> None:
    world = goe()
    world.request("/api/set?amp=10&frc=7")
    writes = [entry for entry in world.simulation.journal if entry.kind == "write"]
    assert [(e.name, e.detail["value"], e.detail["ok"], e.client) for e in writes] == [
        ("amp", 10, True, "test:1"),
        ("frc", 7, False, "test:1"),
    ]


def test_values_as_captured(goe: Make) -> None:
    """Idle replies of 55.5, 56.9 and 60.5."""
    assert goe(firmware="55.5").get("/api/status?filter=dns,ctrls") == {"dns": {"dns": "0.0.0.0"}, "ctrls": None}
    assert list(goe(firmware="56.8").get("/api/status?filter=tab,lto,evt,dsrc")) == ["tab", "lto", "evt", "dsrc"]
    newest = goe().get("/api/status?filter=uvs,uvt,wo,ctrls,dns")
    dns = newest.pop("dns")
    assert isinstance(dns, dict)
    assert list(dns) == ["dns0", "dns1", "dns2"]
    assert newest == {"uvs": 3000, "uvt": 184, "wo": 0, "ctrls": None}
    assert goe(firmware="56.8").request("/api/status?filter=ufa").body == b'{"ufa":49.79999924}'


def test_the_answer_to_several_writes_is_in_the_firmwares_order(goe: Make) -> None:
    assert list(goe().get("/api/set?acs=1&lmo=3&frc=0")) == ["lmo", "acs", "frc"]


# What a reply of firmware 55.5 contained, in its order.
ORDER_OF_55_5 = """
alw acu adi dwo tpa eto lwf ccw dns rssi utc loc lbr lmo ama clp bac lbp amp cid cwc cch cfi ust fsp acs frc rbc rbt car
err cbl pha wh trx fwv cdi lccfi lccfc lcctc tma amt nrg modelStatus lmsc mca awp awcp att ate ara pgrid ppv pakku
deltap var spl3 psm ocu cus fhz loa cards men msp msb msr dll hai hla rde lri tsi lrc lrr lcs csa ctrls ccd
""".split()  # noqa: SIM905 - as in `order`


def test_the_order_of_surplus_and_services(goe: Make) -> None:
    wanted = ",".join(sorted(ORDER_OF_55_5))
    assert list(goe(firmware="55.5").get(f"/api/status?filter={wanted}")) == ORDER_OF_55_5
    averages = ["pgrid", "ppv", "pakku", "pvopt_averagePGrid", "pvopt_averagePPv", "pvopt_averagePAkku"]
    assert list(goe().get(f"/api/status?filter={','.join(sorted(averages))}")) == averages


def test_fsp_says_what_to_write_instead(goe: Make) -> None:
    text = "this parameter is only showing the current state and readonly, to change the preference, use psm"
    assert goe(firmware="60.4").get("/api/set?fsp=false") == {"fsp": f"fsp: failed: {text} (false)"}
    old = goe(firmware="60.3").get("/api/set?fsp=false")
    assert old == {"fsp": "fsp: tried to set api key without setter (false)"}


def test_what_surplus_data_has_to_be(goe: Make) -> None:
    assert goe().get("/api/set?ids=5") == {"ids": "ids: failed: value must be object (5)"}
    newer = goe(firmware="60.6").get("/api/set?ids=5")
    assert newer == {"ids": "ids: failed: value must be null or JsonObject (5)"}
