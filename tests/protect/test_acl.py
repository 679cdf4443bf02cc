"""The rights on the bus as mosquitto reads them: every line, and the password file against mosquitto_passwd."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from winter_river.protect import acl

GOLDEN = Path(__file__).parent / "golden"


def test_the_rights_of_nodes_are_those_of_the_golden_file():
    assert acl.of_nodes("winter-river", ["pdu_a", "ups_a"]) == (GOLDEN / "acl-nodes").read_text()


def test_the_rights_of_services_and_people_are_those_of_the_golden_file():
    text = acl.of_site("winter-river", services=["service"], operators=["anna", "operator"], viewers=["telegraf"])
    assert text == (GOLDEN / "acl-site").read_text()


def test_a_password_line_is_the_one_that_mosquitto_passwd_makes(tmp_path):
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed here")
    path = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", path, "ups_a", "correct horse"], check=True, capture_output=True)
    theirs = path.read_text()
    salt = base64.b64decode(theirs.split("$")[3])
    assert acl.password_file({"ups_a": ("correct horse", salt)}) == theirs
