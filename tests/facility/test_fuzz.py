"""Whatever stands in a file, reading it gives a facility or a FacilityError; nothing else comes out."""

from __future__ import annotations

import random
import re
from importlib import resources

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from winter_river.facility import FacilityError, generate, parse_facility, to_yaml

LIBRARY = resources.files("winter_river.facility") / "library"
SEED = (LIBRARY / "seed-8.yaml").read_text()
PIECES = (
    "&a ",
    "*a",
    "!!x ",
    "---\n",
    "- ",
    "{",
    "[",
    "}",
    "]",
    ": ",
    "'",
    '"',
    "\\U",
    "%YAML",
    "\x00",
    "\u2028",
    "|\n",
    "? ",
)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(content: str | bytes) -> None:
    """Reads a file's content; every FacilityError has faults with places."""
    try:
        parse_facility(content)
    except FacilityError as error:
        assert error.faults
        assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in error.faults)


@FUZZ
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


@FUZZ
@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read(data)


@FUZZ
@given(st.text(alphabet=" \n-:{}[]&*!|>'\"%?#,ab01.\\U\t", max_size=60))
def test_any_play_of_yaml_signs_is_read_or_refused(text: str) -> None:
    read(text)


@FUZZ
@given(
    st.integers(0, len(SEED) - 1),
    st.integers(0, 20),
    st.one_of(st.text(max_size=6), st.sampled_from(PIECES)),
)
def test_a_good_file_with_a_piece_replaced_is_read_or_refused(at: int, length: int, piece: str) -> None:
    read(SEED[:at] + piece + SEED[at + length :])


@FUZZ
@given(
    st.dictionaries(
        st.text(max_size=8),
        st.dictionaries(
            st.sampled_from(["type", "from", "title", "position", "rated_a", "voltage_v", "curve", "x"]),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(),
                st.sampled_from(["utility", "ups", "switchgear", "a", "b"]),
                st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
            ),
            max_size=5,
        ),
        max_size=5,
    )
)
def test_any_nodes_of_the_right_shape_are_read_or_refused(nodes: dict[str, dict[str, object]]) -> None:
    import json  # JSON is YAML, up to its NaN and Infinity, which make a text

    read("facility: f\nnodes: " + json.dumps(nodes))


NUMBERS = ("0", "-1", "1e400", ".nan", ".inf", "9" * 30, "1e-300", "true", "~", "'a'", "[]", "{}", "0x1F", "2026-01-01")


def mutated(text: str, rng: random.Random) -> str:
    """A file as a hurried hand leaves it: a line doubled, lost, moved or indented, a number or a word exchanged."""
    lines = text.splitlines(keepends=True)
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            lines.insert(other, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = " " * rng.randrange(8) + lines[at].lstrip(" ")
        case 4:
            found = rng.choice(list(re.finditer(r"-?\d+(\.\d+)?", text)))
            return text[: found.start()] + rng.choice(NUMBERS) + text[found.end() :]
        case 5:
            words = list(re.finditer(r"[a-z_0-9]+", text))
            found = rng.choice(words)
            return text[: found.start()] + rng.choice(words).group() + text[found.end() :]
    return "".join(lines)


@pytest.mark.parametrize("name", sorted(each.name for each in LIBRARY.iterdir() if each.name.endswith(".yaml")))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), times=st.integers(1, 3))
def test_a_library_file_that_a_hand_has_spoilt_is_read_or_refused(name: str, seed: int, times: int) -> None:
    text, rng = (LIBRARY / name).read_text(), random.Random(seed)
    for _ in range(times):
        text = mutated(text, rng)
    try:
        parse_facility(text).plan()  # what is read can be built, too
    except FacilityError as error:
        assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in error.faults), error


@pytest.mark.parametrize("seed", range(20))
def test_a_generated_file_with_lines_shuffled_is_read_or_refused(seed: int) -> None:
    lines = to_yaml(generate(12)).splitlines()
    random.Random(seed).shuffle(lines)
    read("\n".join(lines))
