"""Settings: which source wins, and how faults are told."""

import dataclasses
from pathlib import Path

import pytest
from winter_river.settings import NAMES, SENTENCES, Settings, SettingsError, load_settings


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "winter-river.toml"
    path.write_text(text)
    return path


def test_without_any_source_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_file_beats_default(tmp_path: Path) -> None:
    write(tmp_path, 'facility = "seed-8"\nseed = 7\nlan = true\n')
    found = load_settings(directories=[tmp_path])
    assert (found.facility, found.seed, found.lan, found.broker) == ("seed-8", 7, True, "auto")


def test_environment_beats_file(tmp_path: Path) -> None:
    write(tmp_path, "seed = 7\nmqtt_port = 1900\n")
    found = load_settings(directories=[tmp_path], environment={"WINTER_RIVER_SEED": "8"})
    assert (found.seed, found.mqtt_port) == (8, 1900)


def test_option_beats_environment() -> None:
    found = load_settings({"seed": 9, "root": None}, environment={"WINTER_RIVER_SEED": "8", "WINTER_RIVER_ROOT": "x"})
    assert (found.seed, found.root) == (9, "x")


def test_file_of_the_current_folder_is_read_alone(tmp_path: Path) -> None:
    write(tmp_path / "here", "seed = 1\n")
    write(tmp_path / "user", "seed = 2\nlan = true\n")
    found = load_settings(directories=[tmp_path / "here", tmp_path / "user"])
    assert (found.seed, found.lan) == (1, False)


def test_every_fault_of_every_source_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, '# mine\nsede = 7\nnodes = "many"\n')
    with pytest.raises(SettingsError) as caught:
        load_settings({"mqtt_port": 70000}, environment={"WINTER_RIVER_LAN": "perhaps"}, directories=[tmp_path])
    faults = caught.value.faults
    assert len(faults) == 4
    assert faults[0].startswith(f"{path}:2: sede is not a setting (did you mean seed?)")
    assert faults[1].startswith(f"{path}:3: nodes = 'many' is none of emulated, vm, mixed, none")
    assert "WINTER_RIVER_LAN = 'perhaps' is not true or false" in faults[2]
    assert "--mqtt-port = 70000 is not a whole number from 0 to 65535" in faults[3]


def test_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        SettingsError, match="WINTER_RIVER_MQTTPORT is not a setting .did you mean WINTER_RIVER_MQTT_PO"
    ):
        load_settings(environment={"WINTER_RIVER_MQTTPORT": "1"})


def test_variables_of_the_folders_are_no_settings() -> None:
    assert load_settings(environment={"WINTER_RIVER_DATA_DIR": "/x", "WINTER_RIVER_SEED": ""}) == Settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed = \n", "line 1"),
        ("seed = 1\nseed = 2\n", "line 2"),
        ("[seed]\na = 1\n", ":1: seed = "),
        ("x" * 70_000, "70000 bytes"),
    ],
    ids=["no value", "twice", "a table", "too large"],
)
def test_broken_file_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match="winter-river.toml") as caught:
        load_settings(directories=[tmp_path])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", True),
        ("seed", -1),
        ("seed", 1.5),
        ("lan", 1.0),
        ("broker", "http://x"),
        ("broker", "mqtt://"),
        ("root", "Winter"),
        ("root", "a//b"),
        ("facility", " "),
        ("lan_address", "192.168"),
    ],
)
def test_value_out_of_its_limits_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name.replace("_", "-")):
        load_settings({name: value})


@pytest.mark.parametrize("url", ["mqtt://localhost", "mqtt://10.0.0.1:1884", "mqtt://pi.local:1883/"])
def test_address_of_a_broker_is_accepted(url: str) -> None:
    assert load_settings({"broker": url}).broker == url


def test_every_setting_has_a_sentence() -> None:
    assert set(SENTENCES) == {field.name for field in dataclasses.fields(Settings)}


def test_certificates_lie_beside_the_file_that_names_them(tmp_path: Path) -> None:
    write(tmp_path, 'broker = "mqtts://host:8884"\nbroker_ca = "ca.pem"\nbroker_key = "/elsewhere/host.key"\n')
    found = load_settings(directories=[tmp_path])
    assert (found.broker, found.broker_cert) == ("mqtts://host:8884", "")
    assert (found.broker_ca, found.broker_key) == (str(tmp_path / "ca.pem"), "/elsewhere/host.key")


def test_help_of_run_names_where_every_setting_is_listed_and_all_are(winter_river):
    assert "winter-river reference settings" in winter_river("run --help").out
    listed = winter_river("reference settings").out
    assert [name for name in NAMES if f"`{name}`" not in listed] == []
