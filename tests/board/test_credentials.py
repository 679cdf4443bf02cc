"""Credentials: from a private file or from a person; never a default, never shown."""

import pytest
from winter_river.board import credentials
from winter_river.board.errors import BoardError
from winter_river.facility.faults import FileError

GOOD = """\
[wifi]
ssid = "net"
password = "secret-one"
[broker]
host = "192.168.4.1"
user = "node"
password = "secret-two"
"""


@pytest.fixture
def file(tmp_path):
    def write(text, mode=0o600):
        place = tmp_path / credentials.FILE_NAME
        place.write_text(text)
        place.chmod(mode)
        return place

    return write


def test_a_private_file_is_read(file):
    found = credentials.read(file(GOOD))
    assert found.settings() == {
        "wifi": {"ssid": "net", "password": "secret-one"},
        "broker": {"host": "192.168.4.1", "port": 1883, "user": "node", "password": "secret-two"},
    }


def test_passwords_are_not_in_its_repr(file):
    assert "secret" not in repr(credentials.read(file(GOOD)))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused_with_the_cure(file, mode):
    place = file(GOOD, mode)
    with pytest.raises(BoardError, match="can be read by others") as caught:
        credentials.read(place)
    assert caught.value.cure == f"chmod 600 {place}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('ssid = "net"\n', "", "wifi.ssid is missing", id="no network"),
        pytest.param('host = "192.168.4.1"\n', "", "broker.host is missing", id="no broker"),
        pytest.param("[broker]", "[brokr]", "brokr is not known here", id="misspelt section"),
        pytest.param('"secret-one"', '"short"', "fewer than the 8 letters", id="short password"),
        pytest.param('"secret-two"', "5", "broker.password is no text", id="number"),
    ],
)
def test_a_fault_is_told_without_any_value(file, old, new, said):
    with pytest.raises(FileError) as caught:
        credentials.read(file(GOOD.replace(old, new)))
    assert said in str(caught.value)
    assert "secret" not in str(caught.value) and "short" not in str(caught.value)


@pytest.fixture
def certificates(tmp_path):
    """A ca, cert and key beside the credentials file; their content is the board's matter."""
    for name, mode in (("ca.der", 0o644), ("node.der", 0o644), ("node.key", 0o600)):
        (tmp_path / name).write_bytes(b"content of " + name.encode())
        (tmp_path / name).chmod(mode)


TLS = GOOD + 'ca = "ca.der"\ncert = "node.der"\nkey = "node.key"\n'


def test_certificates_ask_for_tls_and_go_to_the_board(file, certificates):
    found = credentials.read(file(TLS))
    assert found.settings()["broker"] == {
        "host": "192.168.4.1", "port": 8883, "user": "node", "password": "secret-two", "tls": True,
        "ca": "certs/ca.der", "cert": "certs/node.der", "key": "certs/node.key",
    }  # fmt: skip
    assert found.files()["certs/node.key"] == b"content of node.key"
    assert "content" not in repr(found)


@pytest.mark.parametrize(
    ("without", "said"),
    [
        pytest.param('ca = "ca.der"\n', "anybody could be the broker", id="no authority"),
        pytest.param('key = "node.key"\n', "go together", id="no key"),
    ],
)
def test_half_a_tls_setting_is_refused(file, certificates, without, said):
    with pytest.raises(FileError, match=said):
        credentials.read(file(TLS.replace(without, "")))


def test_a_key_that_others_can_read_and_a_missing_certificate_are_told_at_once(file, certificates, tmp_path):
    (tmp_path / "node.key").chmod(0o644)
    (tmp_path / "ca.der").unlink()
    with pytest.raises(FileError) as caught:
        credentials.read(file(TLS))
    assert "can be read by others" in str(caught.value) and "ca.der: No such file" in str(caught.value)


def test_an_open_network_needs_no_password(file):
    assert credentials.read(file(GOOD.replace('password = "secret-one"\n', ""))).wifi_password == ""


def test_a_person_is_asked_and_secrets_are_asked_apart():
    texts = iter(["net", "broker.local:1884", "node"])
    secrets = iter(["secret-one", "secret-two"])
    found = credentials.ask(lambda prompt: next(texts), lambda prompt: next(secrets))
    assert (found.host, found.port, found.user) == ("broker.local", 1884, "node")
    assert (found.wifi_password, found.broker_password) == ("secret-one", "secret-two")


def test_nothing_typed_is_no_default():
    with pytest.raises(BoardError):
        credentials.ask(lambda prompt: "", lambda prompt: "")


def test_what_is_missing_is_told_with_an_example(tmp_path):
    error = credentials.missing((tmp_path / "here", tmp_path / "there"))
    assert str(tmp_path / "there" / credentials.FILE_NAME) in error.cure
    assert "[wifi]" in error.cure
