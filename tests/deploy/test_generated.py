"""What `winter-river generate` gives: the files in host/deploy, byte for byte, and what each is made from."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from winter_river.deploy import GENERATORS
from winter_river.settings import Settings

GOLDEN = Path(__file__).resolve().parents[2] / "host" / "deploy"
CURE = "cure: winter-river generate all -o host/deploy"


@pytest.mark.parametrize("name", GENERATORS)
def test_the_files_in_host_deploy_are_what_the_defaults_generate(name: str) -> None:
    files = GENERATORS[name].make(Settings())
    assert {path.relative_to(GOLDEN / name).as_posix() for path in (GOLDEN / name).rglob("*") if path.is_file()} == set(
        files
    ), CURE
    for file, text in files.items():
        assert (GOLDEN / name / file).read_bytes() == text.encode(), f"{file}; {CURE}"


def test_host_deploy_holds_nothing_that_is_not_generated() -> None:
    assert {path.name for path in GOLDEN.iterdir()} - {"README.md"} == set(GENERATORS), CURE


def test_telegraf_makes_tags_of_node_and_status_and_a_field_of_every_number() -> None:
    """TOML as another program reads it. In Telegraf's JSON format a key with a number is a field unless it is a tag."""
    config = tomllib.loads(GENERATORS["telegraf"].make(Settings(root="site/winter-river"))["telegraf.conf"])
    [consumer], [output] = config["inputs"]["mqtt_consumer"], config["outputs"]["influxdb_v2"]
    assert consumer["topics"] == ["site/winter-river/+/status"]
    assert consumer["servers"] == ["tcp://127.0.0.1:1883"]
    assert {"node_id", "status"} <= set(consumer["tag_keys"]) and consumer["data_format"] == "json"
    assert output["bucket"] == "mqtt_metrics" and output["token"] == "$INFLUX_TOKEN"


def test_telegraf_speaks_tls_to_a_broker_that_does() -> None:
    settings = Settings(broker="mqtts://broker.lan:8884", broker_ca="/etc/ca.pem")
    [consumer] = tomllib.loads(GENERATORS["telegraf"].make(settings)["telegraf.conf"])["inputs"]["mqtt_consumer"]
    assert consumer["servers"] == ["ssl://broker.lan:8884"] and consumer["tls_ca"] == "/etc/ca.pem"


def test_mosquitto_of_profile_secured_is_that_of_the_golden_file() -> None:
    settings = Settings(profile="secured", lan=True, lan_address="192.168.4.1")
    text = GENERATORS["mosquitto"].make(settings)["mosquitto.conf"]
    assert text == (Path(__file__).parent / "golden" / "mosquitto-secured.conf").read_text()
    assert text == GENERATORS["mosquitto"].make(settings)["mosquitto.conf"]


@pytest.mark.parametrize("profile", ["lab", "secured"])
def test_no_mosquitto_directive_stands_twice_in_its_section(profile: str) -> None:
    """mosquitto 2.0.11 of Debian 12 refuses a second one; `log_type` alone may repeat."""
    text = GENERATORS["mosquitto"].make(Settings(profile=profile, websocket_port=9001))["mosquitto.conf"]
    seen, section = Counter[tuple[str, str]](), ""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            directive = line.split()[0]
            section = line if directive == "listener" else section
            seen[section, directive] += 1
    assert {each for each, count in seen.items() if count > 1} == {("", "log_type")}


def test_profile_secured_lets_nobody_in_without_a_name_and_encrypts_what_leaves_the_machine() -> None:
    settings = Settings(profile="secured", lan=True, lan_address="192.168.4.1")
    sections = GENERATORS["mosquitto"].make(settings)["mosquitto.conf"].split("\nlistener ")[1:]
    assert len(sections) == 3
    for section in sections:
        lines = section.splitlines()
        assert "allow_anonymous false" in lines
        assert any(line.startswith("acl_file ") for line in lines)
        assert "require_certificate true" in lines or lines[0].endswith(" 127.0.0.1")


def test_telegraf_of_profile_secured_shows_a_certificate_of_its_own() -> None:
    text = GENERATORS["telegraf"].make(Settings(profile="secured"))["telegraf.conf"]
    [consumer] = tomllib.loads(text)["inputs"]["mqtt_consumer"]
    assert consumer["servers"] == ["ssl://127.0.0.1:8885"]
    assert [consumer[f"tls_{role}"].rpartition("/")[2] for role in ("ca", "cert", "key")] == [
        "site.pem",
        "telegraf.pem",
        "telegraf.pem",
    ]
