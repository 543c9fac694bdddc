"""The order in which the firmware lists its keys.

The one rule: a reply follows this order, whatever the order of the filter. Source: full status replies and filtered
replies of devices with firmware 053 to 60.6. ASSUMED: exact places of the keys that were only seen in excerpts; what
was never seen in order comes alphabetically at the end, the keys of single card slots last.
"""

from __future__ import annotations

from typing import Final

TABLE_KEYS: Final = tuple(
    """
    mod rfb alw acu adi dwo tpa sse eto etop wifis delw scas scan scaa wsms ccw host lwcf rssi lssfc lsstc ehs efh
    efh32 efh8 fem sbe emfh emhb eci ecf efi eem rr fwan wan facwak wak wen pass tse ts tssm tssi tsss tsom tof tds utc
    loc led lbr lmo ama clp bac sdp lbp amp ffna fna cid cwc cch cfi ust lck sch_week sch_satur sch_sund nmo fsp lrn
    del acs frc rbc rbt car err cbl pha wh trx fwv arv ccu oem typ fwc apd otap part pto lse cdi lccfi lccfc lcctc tma
    amt nrg modelStatus msi lmsc mca awc awp awcp awpl awe att ate ara acp cco esk psmd sumd mpwst mptwt mmp tlf tls
    atp ct mci mcpd mcpea su hws hsa var loe log lop lof map upo pwm lfspt fsptws spl3 oct ocu ocuca ocs ocp ocm ocl
    oca cwe cca cws cwsc cwsca cpe cpr cus ffb ffba fhz rcd onv lom loa los lot loty wcch wccw qsc qsw
    """.split()  # noqa: SIM905 - one line a key would hide the order
)
"""The 174 keys of the API keys table, in its order."""

_INSERTED: Final = {
    "rfb": ("stao",),
    "alw": ("alwt",),
    "acu": ("cll", "acui"),
    "adi": ("acl",),
    "scan": ("lwf",),
    "scaa": ("wst", "wsc", "wsm"),
    "ccw": ("wfb", "wcb", "wpb", "nif", "dns", "hsts", "hsta"),
    "cdi": ("lch",),
    "sch_sund": ("tcl",),
    "awpl": ("frm", "fup"),
    "ara": ("fst", "fmt"),
    "esk": ("fzf", "pgt", "sh", "psh", "po", "zfo"),
    "mcpea": (
        "pgrid",
        "ppv",
        "pakku",
        "pvopt_averagePGrid",
        "pvopt_averagePPv",
        "pvopt_averagePAkku",
        "deltap",
        "deltaa",
    ),
    "spl3": ("psm",),
    "qsw": tuple(
        """
        cards men msp msb msr dll hai hla rde lri tsi lrc lrr lcs csa ctrls ccd die dii la1 la3 di1 pgr pdi ufe ufm ufa
        ufs lbl avgfhz tab lto evt dsrc pco
        """.split()  # noqa: SIM905
    ),
}
"""Keys seen between two keys of the table, by the one before them."""

_LAST: Final = tuple(f"c{slot}{part}" for slot in range(10) for part in "nei")


def _ordered() -> tuple[str, ...]:
    return tuple(name for key in TABLE_KEYS for name in (key, *_INSERTED.get(key, ())))


_HEAD: Final = {name: index for index, name in enumerate(_ordered())}
_TAIL: Final = {name: index for index, name in enumerate(_LAST)}


def position(name: str) -> tuple[int, int, str]:
    """Sort key of a row."""
    if name in _HEAD:
        return (0, _HEAD[name], "")
    if name in _TAIL:
        return (2, _TAIL[name], "")
    return (1, 0, name)
