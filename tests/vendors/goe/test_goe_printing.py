"""Numbers and texts as captured from devices."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.vendors.goe import vendor as goe
from emulator.vendors.goe.arduino import JsonError, parse
from emulator.vendors.goe.features import NINE_DIGITS
from emulator.vendors.goe.printing import number, printer, single

# Captured up to firmware 56.1: six decimals, one less for each further digit before the point.
SIX = [
    (1.412859, "1.412859"),
    (709.8155, "709.8155"),
    (709.81548, "709.8155"),
    (21026.37, "21026.37"),
    (21026.3701171875, "21026.37"),
    (1339.42, "1339.42"),
    (97.34171, "97.34171"),
    (97.3417129, "97.34171"),
    (10459.16, "10459.16"),
    (3484.561, "3484.561"),
    (16.2, "16.2"),
    (0.0, "0"),
    (100.0, "100"),
    (9.9999999, "10"),
]

# Captured on firmware 59 and 60: nine, and keys of type float show their 32-bit value.
NINE_SINGLE = [
    (225.37, "225.3699951"),
    (1.86, "1.860000014"),
    (49.90913, "49.9091301"),
    (230.0, "230"),
    (50.1, "50.09999847"),
]


@pytest.mark.parametrize(("value", "text"), SIX)
def test_six_digits(value: float, text: str) -> None:
    assert number(value, 6) == text
    assert printer(6, is_single=True)(value) == text


@pytest.mark.parametrize(("value", "text"), NINE_SINGLE)
def test_nine_digits_of_a_float(value: float, text: str) -> None:
    assert printer(9, is_single=True)(value) == text


def test_nine_digits_of_a_double() -> None:
    assert printer(9, is_single=False)(225.37) == "225.37"
    assert printer(9, is_single=False)(213.30476823) == "213.3047682"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5e7, "1.5e7"),
        (1e7, "1e7"),
        (9_999_999.0, "9999999"),
        (0.00002, "0.00002"),
        (0.000015, "0.000015"),
        (1e-5, "1e-5"),
        (2.5e-6, "2.5e-6"),
        (-12.5, "-12.5"),
        (-0.0, "0"),
        (math.nan, "null"),
        (math.inf, "null"),
    ],
)
def test_extremes(value: float, text: str) -> None:
    assert number(value, 9) == text


def test_whole_numbers_never_go_exponential() -> None:
    assert printer(6, is_single=True)(1234567890123) == "1234567890123"


def test_the_firmware_chooses_the_digits() -> None:
    for firmware, text in (
        ("53.1", "225.37"),
        ("56.1", "225.37"),
        ("56.8", "225.3699951"),
        ("57.1", "225.3699951"),
        ("60.5", "225.3699951"),
    ):
        nine = NINE_DIGITS.exists(goe.VENDOR.profile(None, firmware))
        float_printer = printer(9 if nine else 6, is_single=True)
        assert float_printer(225.37) == text


def test_structures_are_compact_and_keep_their_order() -> None:
    value = {"b": [1, 2.5, None, True], "a": {"x": 'say "ü"\n'}}
    assert printer(9, is_single=False)(value) == '{"b":[1,2.5,null,true],"a":{"x":"say \\"ü\\"\\n"}}'


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_what_is_printed_is_json_and_near(value: float) -> None:
    decoded = float(json.loads(number(value, 9)))
    assert decoded == pytest.approx(value, rel=1e-6, abs=1e-9)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_is_exact_on_32_bit_values(value: float) -> None:
    assert single(value) == value


# --- the parser ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16", 16),
        ("-4000.0", -4000.0),
        ("0016", 16),
        (" true ", True),
        ("false", False),
        ("null", None),
        ('"new name"', "new name"),
        ("'new'", "new"),
        ('"a\\"b\\u00fc\\n"', 'a"bü\n'),
        ('{"pGrid":-4000.0,"pPv":5000,"pAkku":0}', {"pGrid": -4000.0, "pPv": 5000, "pAkku": 0}),
        ("{pGrid:1}", {"pGrid": 1}),
        ("[6, 10 ,12]", [6, 10, 12]),
        ("[]", []),
        ("{}", {}),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("16 and more", 16),
        ("nope", None),
        ("test", True),
    ],
)
def test_what_the_device_takes_for_json(text: str, value: object) -> None:
    found = parse(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "EmptyInput"),
        ("  ", "EmptyInput"),
        ("new_name", "IncompleteInput"),
        ("tru", "IncompleteInput"),
        ('"open', "IncompleteInput"),
        ("[1,", "IncompleteInput"),
        ('{"a"', "IncompleteInput"),
        ('{"a":', "IncompleteInput"),
        ("renaultZoe", "InvalidInput"),
        ("#FF0000", "InvalidInput"),
        ("16A", "InvalidInput"),
        ("[1;2]", "InvalidInput"),
        ('{"a" 1}', "InvalidInput"),
        ('"\\x"', "InvalidInput"),
        ('"\\u00zz"', "InvalidInput"),
        ("1.2.3", "InvalidInput"),
        ("-", "InvalidInput"),
        ("[" * 12 + "]" * 12, "TooDeep"),
    ],
)
def test_how_the_device_names_what_is_no_json(text: str, error: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse(text)
    assert caught.value.name == error


def outcome(text: str) -> tuple[str, object]:
    """What `parse` gives: a value, or the name of the error."""
    try:
        return ("value", parse(text))
    except JsonError as error:
        return (error.name, None)


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_a_named_error(text: str) -> None:
    assert outcome(text)[0] in ("value", "EmptyInput", "IncompleteInput", "InvalidInput", "TooDeep")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    )
)
def test_proper_json_is_read_as_it_is(value: object) -> None:
    assert outcome(json.dumps(value)) in (("value", value), ("TooDeep", None))
