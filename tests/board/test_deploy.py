"""The real mpremote brings a virtual board's files up to date: only ours, only what changed."""

import hashlib
from pathlib import Path

import pytest
from winter_river.board import stage
from winter_river.board.deploying import changes, deploy
from winter_river.board.errors import BoardError
from winter_river.board.flashing import flash
from winter_river.board.run_mpremote import Mpremote


def _digests(tree):
    return {name: hashlib.sha256(data).hexdigest() for name, data in tree.items()}


TREE = {"main.py": b"new", "winter_node/core.py": b"core", "lib/umqtt/simple.py": b"mqtt"}
HAS = _digests(TREE)


@pytest.mark.parametrize(
    ("on_board", "write", "remove", "folders"),
    [
        pytest.param(HAS, (), (), (), id="the same"),
        pytest.param({**HAS, "main.py": "0"}, ("main.py",), (), (), id="one changed"),
        pytest.param({}, tuple(TREE), (), ("lib", "lib/umqtt", "winter_node"), id="an empty board"),
        pytest.param({**HAS, "winter_node/old.py": "0"}, (), ("winter_node/old.py",), (), id="one of ours is gone"),
        pytest.param({**HAS, "notes.txt": "0", "lib/mine.py": "0", "state0.json": "0"}, (), (), (), id="not ours"),
    ],
)
def test_only_differences_are_worked_on(on_board, write, remove, folders):
    found = changes(TREE, on_board)
    assert (found.write, found.remove, found.folders) == (write, remove, folders)
    assert found.same == len(TREE) - len(write)


def test_deploy_copies_what_changed_and_the_node_joins_again(job, virtual, watch, report, monkeypatch, tmp_path):
    first = flash(job, report, watch)
    before = virtual.files()
    sources = stage.sources()
    edited = tmp_path / "screen.py"
    edited.write_text(sources["winter_node/screen.py"].read_text().replace('"CONNECTING"', '"ON THE WAY"'))
    monkeypatch.setattr(stage, "sources", lambda: {**sources, "winter_node/screen.py": edited})

    second = deploy(job, report, watch)

    assert any(line.startswith("1 changed, 0 gone, ") for line in report.lines)
    assert first is not None and second is not None and first.boot != second.boot
    after = virtual.files()
    assert b"ON THE WAY" in after["winter_node/__init__.mpy"]
    assert {name for name in after if after[name] != before.get(name)} <= {
        "winter_node/__init__.mpy",
        *("state0.json", "state1.json", "node0.json", "node1.json"),  # the firmware's own
    }


@pytest.mark.soak  # mpremote itself tries for ten seconds
def test_a_board_without_micropython_is_told_to_be_flashed(job):
    with pytest.raises(BoardError, match="does not answer as MicroPython does") as caught:
        Mpremote(job.port).run("ls")
    assert "make flash" in caught.value.cure


def test_a_board_unplugged_while_copying_is_told_and_the_next_deploy_finishes(job, virtual, watch, report, monkeypatch):
    flash(job, report, watch)
    firmware, name = stage.sources(), "lib/winter_wire/tables.py"
    edited = Path(job.image_path).with_name("tables.py")  # a row that is in the file of every type
    edited.write_text(
        firmware[name]
        .read_text()
        .replace('("rpm", INTEGER', '("rpm", NUMBER')
        .replace('"event", TEXT, 0, 1, 32', '"event", TEXT, 0, 1, 33')
    )
    monkeypatch.setattr(stage, "sources", lambda: {**firmware, name: edited})

    report.on_progress = lambda text, part: virtual.unplug() if part < 0.9 else None
    with pytest.raises(BoardError, match="was unplugged") as caught:
        deploy(job, report, watch)
    assert "run the same command" in caught.value.cure

    report.on_progress = lambda text, part: None
    virtual.plug_in()
    assert deploy(job, report, watch) is not None
    tree = stage.files(job.node, job.board, job.credentials, root=job.root)
    assert {name: virtual.files()[name] for name in tree} == tree
