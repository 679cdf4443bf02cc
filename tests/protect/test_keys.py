"""Keys of command MACs: one a node, in files that nobody else may read; and the number that fences older services."""

import stat

import pytest
from winter_node import settings as node_settings
from winter_river.protect import Keys, ProtectError, epoch


def test_a_key_stays_the_same_until_it_is_dropped(tmp_path):
    folder = tmp_path / "secrets"
    keys = Keys(folder)
    assert keys("ups_a") is None
    keys.make("ups_a")
    first = keys("ups_a")
    keys.make("ups_a")
    assert keys("ups_a") == first == Keys(folder)("ups_a")
    keys.drop("ups_a")
    assert keys("ups_a") is None


def test_two_nodes_have_two_keys_that_the_firmware_takes(tmp_path):
    keys = Keys(tmp_path / "secrets")
    for node_id in ("ups_a", "ups_b"):
        keys.make(node_id)
    one, other = keys("ups_a"), keys("ups_b")
    assert one != other
    _, faults = node_settings.check({"id": "ups_a", "type": "ups", "profile": "secured", "key": one.decode()})
    assert faults == []


def test_keys_lie_in_files_of_mode_600_in_folders_of_mode_700(tmp_path):
    folder = tmp_path / "secrets"
    Keys(folder).make("ups_a")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {"secrets": 0o700, "keys": 0o700, "ups_a": 0o600}


def test_a_key_that_others_can_read_is_refused_with_the_cure(tmp_path):
    folder = tmp_path / "secrets"
    Keys(folder).make("ups_a")
    path = folder / "keys" / "ups_a"
    path.chmod(0o644)
    with pytest.raises(ProtectError, match=f"chmod 600 {path}"):
        Keys(folder)("ups_a")


@pytest.mark.parametrize("node_id", ["../epoch", "a/b", "", ".", "UPS"])
def test_what_is_no_node_id_opens_no_file(tmp_path, node_id):
    folder = tmp_path / "secrets"
    epoch.raised(folder)
    assert Keys(folder)(node_id) is None


def test_each_start_has_a_higher_epoch(tmp_path):
    folder = tmp_path / "secrets"
    assert epoch.now(folder) == 0
    assert [epoch.raised(folder) for _ in range(3)] == [1, 2, 3]
    assert epoch.now(folder) == 3


def test_a_torn_epoch_is_refused_with_the_cure_and_never_starts_again_at_one(tmp_path):
    folder = tmp_path / "secrets"
    epoch.raised(folder)
    (folder / "epoch").write_text("")
    with pytest.raises(ProtectError, match="audit"):
        epoch.raised(folder)
