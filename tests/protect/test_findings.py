"""What doctor says of a site's secrets: what is wrong or soon will be, each with its cure."""

import pytest
from winter_river.protect import authority
from winter_river.protect.findings import ERROR, OK, WARNING, findings
from winter_river.protect.provision import Provision

NOW_S = 1_800_000_000  # as in conftest
DAY_S = 86_400


def worst(site, at_s=NOW_S):
    return findings(site, now_s=at_s)[0]


def test_a_sound_site_is_one_line_with_the_days_that_are_left(site):
    site.node("ups_a", now_s=NOW_S)
    assert [(each.level, each.cure) for each in findings(site, now_s=NOW_S)] == [(OK, "")]
    assert worst(site).what.endswith("ends in 90 days")


def test_a_certificate_is_warned_of_thirty_days_ahead_and_not_before(site):
    assert worst(site, NOW_S + 60 * DAY_S).level == OK
    found = findings(site, now_s=NOW_S + 60 * DAY_S + 1)
    assert {each.level for each in found} == {WARNING}
    assert ("the certificate of broker broker ends in 29 days", "winter-river provision rotate broker") in {
        (each.what, each.cure) for each in found
    }


def test_one_that_has_expired_is_an_error_and_nodes_stand_in_one_line(site):
    for number in range(7):
        site.node(f"pdu_{number}", now_s=NOW_S)
    found = findings(site, now_s=NOW_S + 91 * DAY_S)
    assert {each.level for each in found} == {ERROR}
    [nodes] = [each for each in found if "nodes" in each.what]
    assert nodes.what == "the certificates of 7 nodes have expired: pdu_0, pdu_1, pdu_2, pdu_3, pdu_4 and 2 more"
    assert "provision rotate --due" in nodes.cure


@pytest.mark.parametrize(
    ("name", "mode", "cure"), [("register.json", 0o644, "chmod 600"), ("keys", 0o750, "chmod 700")]
)
def test_what_others_can_read_is_an_error_with_the_command_that_shuts_it(site, name, mode, cure):
    path = site.places.folder / name
    path.chmod(mode)
    assert (worst(site).level, worst(site).cure) == (ERROR, f"{cure} {path}")


def test_a_group_may_read_files_of_mode_640(site):
    site.places.register.chmod(0o640)
    assert worst(site).level == OK


def test_a_file_that_is_not_the_certificate_issued_last_is_an_error(site):
    site.node("ups_a", now_s=NOW_S)
    path = site.places.pair("node", "ups_a")
    old = path.read_bytes()
    site.rotate("ups_a", now_s=NOW_S)
    path.write_bytes(old)
    assert (worst(site).level, worst(site).cure) == (ERROR, "winter-river provision rotate ups_a")
    path.unlink()
    assert str(path) in worst(site).what


def test_a_clock_before_the_certificates_is_an_error(site):
    assert worst(site, NOW_S - 301).level == ERROR
    assert "clock" in worst(site, NOW_S - 301).what
    assert worst(site, NOW_S - 299).level == OK


def test_an_authority_that_ends_is_told_a_rotation_ahead(site):
    last_s = NOW_S + (authority.AUTHORITY_DAYS - 91) * DAY_S
    site.rotate_due(now_s=last_s)
    assert worst(site, last_s).level == OK
    site.rotate_due(now_s=last_s + 2 * DAY_S)
    assert "authority nodes ends in 89 days" in {each.what for each in findings(site, now_s=last_s + 2 * DAY_S)}


def test_nodes_with_a_password_are_named_as_not_encrypted(site):
    site.node("small", password=True, now_s=NOW_S)
    assert any("small" in each.what and "NOT ENCRYPTED" in each.what for each in findings(site, now_s=NOW_S))


def test_where_nothing_was_provisioned_the_cure_is_to_do_it(tmp_path):
    [found] = findings(Provision(tmp_path / "none"), now_s=NOW_S)
    assert (found.level, found.cure) == (ERROR, "winter-river provision init")


def test_revoked_nodes_are_named_until_they_are_provisioned_anew(site):
    site.node("ups_a", now_s=NOW_S)
    site.revoke("ups_a", now_s=NOW_S)
    assert [each.what for each in findings(site, now_s=NOW_S) if "let in no more" in each.what] == [
        "1 node is revoked, and let in no more: ups_a"
    ]
    site.node("ups_a", now_s=NOW_S)
    assert not [each for each in findings(site, now_s=NOW_S) if "let in no more" in each.what]
