"""Words of the command line into values."""

import pytest
from winter_river.cli.errors import UsageError
from winter_river.cli.values import masked, params_of, seconds, table_text


def test_parameters_take_the_form_of_their_verb() -> None:
    assert params_of("set_fault", ["state=true", "kind=sag", "severity=0.3"]) == {
        "state": True,
        "kind": "sag",
        "severity": 0.3,
    }
    assert params_of("set_load", ["power_kw=120"]) == {"power_kw": 120.0}
    assert params_of("set_fans", ["running=40"]) == {"running": 40}
    assert params_of("open", []) == {}


@pytest.mark.parametrize(
    ("verb", "words", "told"),
    [
        ("set_fault", ["stat=true"], "did you mean state"),
        ("set_fault", ["true"], "is not key=value"),
        ("set_fault", ["state=maybe"], "is not true or false"),
        ("set_fault", ["kind=outage"], "no state"),
        ("set_fault", ["state=on", "severity=2"], "severity is outside 0 to 1"),
        ("set_load", ["power_kw=much"], "power_kw=96.5"),
        ("set_load", ["power_kw=nan"], "is not a number"),
        ("set_fans", ["running=1.5"], "is not a whole number"),
        ("open", ["x=1"], "it takes nothing"),
    ],
)
def test_parameter_that_does_not_fit_is_refused_with_the_cure(verb: str, words: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        params_of(verb, words)


def test_a_password_is_asked_for_and_never_taken_from_the_command_line() -> None:
    with pytest.raises(UsageError, match="does not belong on a command line") as caught:
        params_of("config", ["wifi_password=secret-one"])
    assert "secret-one" not in str(caught.value)
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return "secret-one"

    given = params_of("config", ["wifi_password=-", "wifi_ssid=net"], ask_secret=typed)
    assert given == {"wifi_password": "secret-one", "wifi_ssid": "net"}
    assert asked == ["wifi_password: "]
    assert masked(given) == {"wifi_password": "***", "wifi_ssid": "net"}


def test_every_wrong_parameter_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        params_of("set_fault", ["a=1", "b=2", "state=x"])
    assert len(str(caught.value).splitlines()) == 3


def test_duration_names_its_option() -> None:
    assert seconds("2m", option="--for") == 120
    with pytest.raises(UsageError, match="--for: 'soon'"):
        seconds("soon", option="--for")


def test_table_without_rows_is_its_head() -> None:
    assert table_text(("a", "bb"), []) == "a  bb"
    assert table_text(("a", "b"), [{"a": "long", "b": 1}]) == "a     b\nlong  1"
