"""Provisioning: what is issued holds as long as it should, is revoked when it should, and is nobody else's to read."""

import hashlib
import os
import stat

import pytest
from winter_river.protect import ProtectError, authority, bundle, register
from winter_river.protect.provision import Provision
from winter_river.protect.register import NODE

NOW_S = 1_800_000_000  # as in conftest
DAY_S = 86_400


def tree(folder):
    """Path to digest of every file."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_second_time_changes_no_byte(site):
    site.node("ups_a", now_s=NOW_S)
    site.node("small", password=True, now_s=NOW_S)
    before = tree(site.places.folder)
    assert site.init(now_s=NOW_S + DAY_S) == []
    assert site.node("ups_a", now_s=NOW_S + DAY_S) is False
    assert site.node("small", password=True, now_s=NOW_S + DAY_S) is False
    assert tree(site.places.folder) == before


def test_every_folder_has_mode_700_and_every_file_600(site):
    site.node("ups_a", now_s=NOW_S)
    site.node("small", password=True, now_s=NOW_S)
    places = [site.places.folder, *site.places.folder.rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in places}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_nodes_certificate_holds_for_ninety_days(site, verify):
    site.node("ups_a", now_s=NOW_S)
    pem = site.pair(NODE, "ups_a").cert
    assert verify(pem, authority="nodes") == ""
    assert verify(pem, authority="nodes", at_s=NOW_S + 90 * DAY_S - 1) == ""
    assert "expired" in verify(pem, authority="nodes", at_s=NOW_S + 90 * DAY_S + 1)


def test_a_nodes_certificate_is_worth_nothing_where_people_connect_nor_as_a_server(site, verify):
    site.node("ups_a", now_s=NOW_S)
    pem = site.pair(NODE, "ups_a").cert
    assert "unable to get local issuer" in verify(pem, authority="site")
    assert "purpose" in verify(pem, authority="nodes", purpose="sslserver")
    assert "purpose" in verify(site.pair("broker", "broker").cert, authority="site", purpose="sslclient")


@pytest.mark.parametrize(
    "extra",
    [
        ("-verify_ip", "192.168.4.1"),
        ("-verify_ip", "127.0.0.1"),
        ("-verify_hostname", "localhost"),
        # mbedTLS before 3.5 compares an address it called with names only.
        ("-verify_hostname", "192.168.4.1"),
    ],
)
def test_the_brokers_certificate_is_for_every_name_it_is_called_by(site, verify, extra):
    assert verify(site.pair("broker", "broker").cert, authority="site", purpose="sslserver", extra=extra) == ""


def test_a_new_host_gives_broker_and_page_new_certificates_and_keeps_the_old_hosts(site, verify):
    assert site.init(hosts=("river.local",), now_s=NOW_S) == ["certificate of the broker", "certificate of the page"]
    pem = site.pair("page", "page").cert
    for extra in (("-verify_hostname", "river.local"), ("-verify_ip", "192.168.4.1")):
        assert verify(pem, authority="site", purpose="sslserver", extra=extra) == ""


def test_rotation_overlaps_until_the_old_one_is_revoked(site, verify):
    site.node("ups_a", now_s=NOW_S)
    old = site.pair(NODE, "ups_a").cert
    later_s = NOW_S + 61 * DAY_S
    assert [text for _, text in register.warnings(site.read(), now_s=later_s)][-1].endswith("ends in 29 days")
    assert "ups_a" in site.rotate_due(now_s=later_s)
    fresh = site.pair(NODE, "ups_a").cert
    assert fresh != old
    assert verify(old, authority="nodes", at_s=later_s) == verify(fresh, authority="nodes", at_s=later_s) == ""
    assert site.revoke("ups_a", old=True, now_s=later_s) == 1
    assert "revoked" in verify(old, authority="nodes", at_s=later_s)
    assert verify(fresh, authority="nodes", at_s=later_s) == ""
    assert register.warnings(site.read(), now_s=later_s) == []


def test_a_site_that_was_off_for_a_year_is_renewed_whole(site, verify):
    site.node("ups_a", now_s=NOW_S)
    later_s = NOW_S + 365 * DAY_S
    assert sorted(site.rotate_due(now_s=later_s)) == ["broker", "operator", "page", "service", "ups_a"]
    assert verify(site.pair(NODE, "ups_a").cert, authority="nodes", at_s=later_s) == ""
    site.rotate("ups_a", now_s=later_s)
    assert len(site.read().issued) == 6  # what ended long ago is forgotten once it has been replaced


def test_a_revoked_node_has_no_certificate_key_or_password_left(site, verify):
    for node_id, password in (("ups_a", False), ("small", True)):
        site.node(node_id, password=password, now_s=NOW_S)
    pem = site.pair(NODE, "ups_a").cert
    assert site.revoke("ups_a", now_s=NOW_S) == 1
    assert site.revoke("small", now_s=NOW_S) == 0
    assert "revoked" in verify(pem, authority="nodes")
    assert site.keys("ups_a") is None and site.keys("small") is None
    assert site.places.passwords.read_text() == ""
    for node_id in ("ups_a", "small"):
        with pytest.raises(ProtectError, match=f"winter-river provision node {node_id}"):
            bundle.of_node(site, node_id, password=node_id == "small")


def test_a_revoked_node_can_come_back_with_another_certificate(site, verify):
    site.node("ups_a", now_s=NOW_S)
    lost = site.pair(NODE, "ups_a").cert
    site.revoke("ups_a", now_s=NOW_S)
    assert site.node("ups_a", now_s=NOW_S)
    assert "revoked" in verify(lost, authority="nodes")
    assert verify(site.pair(NODE, "ups_a").cert, authority="nodes") == ""


@pytest.mark.parametrize("node_id", ["engine", "weather", "UPS", "a/b", "+", "#", "../ups_a", ""])
def test_ids_that_are_the_hosts_own_or_none_are_refused(site, node_id):
    with pytest.raises(ProtectError, match="no id of a node"):
        site.node(node_id, now_s=NOW_S)


def test_two_roles_of_one_name_are_refused(site):
    site.person("viewer", "anna", now_s=NOW_S)
    with pytest.raises(ProtectError, match="provision revoke anna"):
        site.person("operator", "anna", now_s=NOW_S)
    with pytest.raises(ProtectError, match="service"):
        site.person("operator", "service", now_s=NOW_S)


def test_what_the_site_cannot_do_without_is_not_revoked(site):
    with pytest.raises(ProtectError, match="provision rotate broker"):
        site.revoke("broker", now_s=NOW_S)


def test_a_torn_register_is_refused_with_the_cure(site):
    site.places.register.write_text("{")
    with pytest.raises(ProtectError, match=f"{site.places.register}.*\n.*backup"):
        site.read()


def test_a_register_of_another_version_is_refused(site):
    text = site.places.register.read_text().replace('"version": 1', '"version": 2')
    site.places.register.write_text(text)
    with pytest.raises(ProtectError, match="version 2"):
        site.read()


def test_a_folder_that_others_can_enter_is_refused_with_the_cure(site):
    site.places.folder.chmod(0o755)
    with pytest.raises(ProtectError, match=f"chmod 700 {site.places.folder}"):
        Provision(site.places.folder).read()


def test_two_commands_at_once_do_not_mix(site):
    from winter_river.protect import folder

    with folder.locked(site.places.folder), pytest.raises(ProtectError, match="another command"):
        site.node("ups_a", now_s=NOW_S)


def test_no_secret_shows_in_a_repr(site):
    site.node("ups_a", now_s=NOW_S)
    site.node("small", password=True, now_s=NOW_S)
    shown = repr(
        [site.pair(NODE, "ups_a"), bundle.of_node(site, "ups_a"), bundle.of_node(site, "small", password=True)]
    )
    assert "PRIVATE KEY" not in shown
    assert site.password("small") not in shown
    assert site.keys("ups_a").decode() not in shown


def test_facts_are_read_off_a_certificate(site):
    found = authority.facts(site.pair("broker", "broker").cert)
    assert (found.name, found.not_after_s) == ("broker", NOW_S + 90 * DAY_S)
    assert set(found.hosts) >= {"localhost", "127.0.0.1", "::1", "192.168.4.1"}


def test_an_export_is_all_that_a_broker_needs_and_a_second_one_changes_nothing(site, tmp_path):
    folder = tmp_path / "broker"
    assert {path.name for path in site.export(folder)} == {
        *("acl-nodes", "acl-site", "passwords", "broker.pem"),
        *("nodes.pem", "nodes.crl", "site.pem", "site.crl"),
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert b"PRIVATE" not in (folder / "nodes.pem").read_bytes() + (folder / "site.pem").read_bytes()
    assert site.export(folder) == []
    site.node("ups_a", now_s=NOW_S)
    assert [path.name for path in site.export(folder)] == ["acl-nodes"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(site):
    for path in (site.places.folder, *site.places.folder.rglob("*")):
        os.chown(path, 12_345, 23_456)
    site.rotate("page", now_s=NOW_S)
    site.node("ups_a", now_s=NOW_S)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in site.places.folder.rglob("*")}
    assert owners == {(12_345, 23_456)}
