"""Roles rise, links end, tokens are not kept."""

import itertools
import re
from pathlib import Path

import pytest
from winter_river.scenario import permits
from winter_river.web import access
from winter_river.web.access import LINKS_MAX, RIGHTS, ROLES, Links, Who, right_of


def test_every_right_of_a_role_is_one_of_the_roles_above():
    for lower, higher in itertools.pairwise(ROLES):
        assert {right for right in RIGHTS if Who(lower, "").may(right)} <= {
            right for right in RIGHTS if Who(higher, "").may(right)
        }


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("viewer", ("look", "trend"), ("operate", "answer", "time", "link")),
        ("trainee", ("answer", "operate"), ("press", "break", "time", "save")),
        ("operator", ("operate", "press"), ("break", "time", "exercise")),
        ("instructor", ("break", "time", "exercise", "link", "class"), ("service",)),
        ("admin", ("service",), ()),
    ],
)
def test_rights_of_a_role(role, may, may_not):
    who = Who(role, "")
    assert [right for right in may if not who.may(right)] == []
    assert [right for right in may_not if who.may(right)] == []


def test_breaking_and_servicing_are_more_than_operating():
    assert (right_of("open"), right_of("set_fault"), right_of("factory_reset")) == ("operate", "break", "service")


def test_a_link_gives_its_role_until_it_is_taken_back():
    links = Links()
    token, link = links.create("trainee", "Ann")
    assert links.who(token) == Who("trainee", "Ann")
    assert links.who(token + "x") is None
    assert links.take_back(link.id)
    here = Who("admin", "")
    assert links.who(token, otherwise=here) is None
    assert links.who(token + "x", otherwise=here) == here
    assert not links.take_back(link.id)


def test_tokens_are_not_kept():
    links = Links()
    token, _ = links.create("admin")
    assert token not in repr(vars(links))


def test_links_are_bounded_and_of_known_roles():
    links = Links()
    with pytest.raises(ValueError, match="role is king"):
        links.create("king")
    for _ in range(LINKS_MAX):
        links.create("viewer")
    with pytest.raises(ValueError, match="take one back"):
        links.create("viewer")


def test_a_token_of_odd_letters_is_nobody():
    assert Links().who("\ud800 \0") is None


@pytest.mark.parametrize("verb", ["restart", "config", "factory_reset", "update", "restore"])
def test_looking_after_a_board_is_the_admins(verb):
    assert right_of(verb) == "service"
    assert not Who("instructor", "").may(right_of(verb))
    assert Who("admin", "").may(right_of(verb))


def test_the_page_offers_trainees_no_verb_that_the_service_refuses_them():
    source = (Path(access.__file__).parent / "ui/src/acts.ts").read_text()
    listed = re.search(r"NOT_FOR_TRAINEES = new Set\(\[(.*?)\]\)", source)
    assert listed is not None
    assert set(re.findall(r'"(\w+)"', listed.group(1))) == {*permits.BREAKING, *permits.SERVICING}
