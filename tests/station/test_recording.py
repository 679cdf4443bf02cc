"""A recorded run played again: the same hash, whatever happened to the run and to its file."""

import base64
import json
import math
import random
import tracemalloc
import zlib

import pytest
from winter_river.station import journal, replay
from winter_river.station.recorder import Recorder
from winter_river.station.recording import Header, Recorded, RecordingError
from winter_river.station.replay import Player, load_recording


def run_of(bench):
    """A run with trouble, a frozen minute, high speed, a snapshot, and two ways back."""
    station = bench.station
    bench.advance(3.0)
    bench.command("util_a", "set_fault", state=True)
    bench.advance(7.0)
    station.freeze()
    bench.command("dist_a", "open")
    station.take_snapshot("mid")
    bench.command("dist_a", "close")
    station.run()
    station.set_speed(50.0)
    bench.advance(4.0)
    station.set_speed(1.0)
    station.back(60.0)
    bench.command("util_a", "set_fault", state=False)
    bench.advance(20.0)
    station.restore("mid")
    bench.advance(5.0)
    bench.command("srv_a", "set_load", power_kw=12.0)
    bench.advance(15.0)


@pytest.fixture
def recorded(start, tmp_path):
    """(the file of a run, the bench as it ended)."""
    bench = start(record=tmp_path)
    run_of(bench)
    bench.station.close()
    return bench.station.recording, bench


def test_the_replay_ends_with_the_hash_of_the_run(recorded):
    path, bench = recorded
    recording = load_recording(path)
    player = Player(recording)
    player.advance(1e9)
    assert player.done
    assert player.hash() == recording.hash == bench.station.hash()
    assert player.differences == []
    assert player.view("srv_a") == bench.view("srv_a")


def test_any_instant_can_be_sought_in_any_order(recorded):
    path, _ = recorded
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    recording = load_recording(path)
    forward, player = Player(recording), Player(recording)
    instants = sorted(rng.uniform(recording.start_s, recording.end_s) for _ in range(20))
    hashes = {}
    for t_s in instants:
        forward.advance(t_s - forward.t_s)
        hashes[forward.t_s] = forward.hash()
    for t_s in rng.sample(sorted(hashes), len(hashes)):
        player.go_to(t_s)
        assert player.hash() == hashes[t_s]
    assert player.differences == []


def test_the_replayed_past_is_what_the_station_remembers(recorded):
    path, bench = recorded
    player = Player(load_recording(path))
    for t_s in (bench.t_s - 1.0, bench.t_s - 6.5, bench.t_s - 19.0):
        player.go_to(t_s)
        assert {node_id: player.view(node_id) for node_id in bench.facility.nodes} == bench.station.at(t_s)


def test_a_taken_back_future_is_left_out(recorded):
    path, _ = recorded
    player = Player(load_recording(path))
    player.advance(1e9)
    told = [(act.node_id, act.command) for act in player.acts]
    assert told == [("util_a", "set_fault"), ("dist_a", "open"), ("srv_a", "set_load")]


def test_a_torn_last_line_is_passed_over(recorded, tmp_path):
    path, _ = recorded
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = tmp_path / "torn.rec"
    for cut in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        torn.write_bytes(whole[:-cut])
        recording = load_recording(torn)
        assert recording.hash == ""
        player = Player(recording)
        player.advance(1e9)
        assert player.differences == []


def test_a_file_cut_anywhere_is_read_or_refused_with_a_cure(recorded, tmp_path):
    path, _ = recorded
    whole = path.read_bytes()
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    cut = tmp_path / "cut.rec"
    for _ in range(60):
        cut.write_bytes(whole[: rng.randrange(len(whole))])
        try:
            Player(load_recording(cut)).advance(1e9)
        except RecordingError as error:
            assert "\ncure: " in str(error)


def test_a_damaged_line_is_refused_with_its_number(recorded, tmp_path):
    path, _ = recorded
    lines = path.read_text().splitlines(keepends=True)
    lines[3] = "{oops\n"
    damaged = tmp_path / "damaged.rec"
    damaged.write_text("".join(lines))
    with pytest.raises(RecordingError, match=r"damaged\.rec:4: the line is damaged\ncure"):
        load_recording(damaged)


@pytest.mark.parametrize(
    ("number", "spoil"),
    [
        pytest.param(0, {"seed": math.inf}, id="endless-seed"),
        pytest.param(1, {"t": math.inf}, id="endless-time"),
        pytest.param(1, {"t": math.nan}, id="no-time"),
        pytest.param(1, {"timeline": math.inf}, id="endless-timeline"),
        pytest.param(1, {"own": 5}, id="no-nodes"),
        pytest.param(2, "[" * 100_000, id="nested-too-deep"),
    ],
)
def test_a_hostile_line_is_refused_with_a_cure(recorded, tmp_path, number, spoil):
    lines = recorded[0].read_text().splitlines(keepends=True)
    lines[number] = (spoil if isinstance(spoil, str) else json.dumps(json.loads(lines[number]) | spoil)) + "\n"
    hostile = tmp_path / "hostile.rec"
    hostile.write_text("".join(lines))
    with pytest.raises(RecordingError, match="\ncure: "):
        load_recording(hostile)


@pytest.mark.parametrize(
    ("kind", "rows", "what"),
    [
        ("in", [["nobody", {}, True]], "'nobody' is no node"),
        ("in", [["util_a", {"handle": "sideways"}, True]], "handle is 'sideways'"),
        ("in", [["weather", {"outdoor_c": 1e9}, True]], "weather.outdoor_c"),
        ("moment", [["nobody", {}, True]], "'nobody' is no node"),
        ("moment", [], "nothing of util_a"),
    ],
)
def test_a_line_of_what_this_facility_does_not_have_is_refused_with_its_number(recorded, tmp_path, kind, rows, what):
    lines = recorded[0].read_text().splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if json.loads(line).get("k") == kind)
    lines[number] = json.dumps(json.loads(lines[number]) | {"own" if kind == "moment" else "in": rows}) + "\n"
    strange = tmp_path / "strange.rec"
    strange.write_text("".join(lines))
    with pytest.raises(RecordingError) as refused:
        Player(load_recording(strange)).advance(1e9)
    assert f"strange.rec:{number + 1}: {kind} cannot be read: " in str(refused.value)
    assert what in str(refused.value)
    assert "\ncure: " in str(refused.value)


def test_a_facility_that_cannot_be_read_is_refused_with_a_cure(recorded, tmp_path):
    lines = recorded[0].read_text().splitlines(keepends=True)
    lines[0] = json.dumps(json.loads(lines[0]) | {"facility": "nodes: ["}) + "\n"
    strange = tmp_path / "strange.rec"
    strange.write_text("".join(lines))
    with pytest.raises(RecordingError, match=r"strange\.rec:1: the facility cannot be read: (.|\n)*\ncure: "):
        load_recording(strange)


def test_a_world_that_unpacks_to_far_too_much_is_refused(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "WORLD_BYTES_MAX", 1_000_000)
    lines = recorded[0].read_text().splitlines(keepends=True)
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
    lines[1] = json.dumps(json.loads(lines[1]) | {"world": bomb}) + "\n"
    hostile = tmp_path / "hostile.rec"
    hostile.write_text("".join(lines))
    tracemalloc.start()
    with pytest.raises(RecordingError, match="larger than 1000000 bytes"):
        Player(load_recording(hostile))
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_another_version_is_refused_with_the_cure(recorded, tmp_path):
    path, _ = recorded
    lines = path.read_text().splitlines(keepends=True)
    header = json.loads(lines[0])
    header["winter-river recording"] = 2
    newer = tmp_path / "newer.rec"
    newer.write_text(json.dumps(header) + "\n" + "".join(lines[1:]))
    with pytest.raises(RecordingError, match=r"format 2; this program reads format 1\ncure: replay it with .*test"):
        load_recording(newer)


@pytest.mark.parametrize("text", ["", "\n", "hello\n", "{}\n", "[1]\n", '{"winter-river recording":1}\n'])
def test_what_is_no_recording_is_refused(tmp_path, text):
    other = tmp_path / "other.rec"
    other.write_text(text)
    with pytest.raises(RecordingError, match="cure: "):
        load_recording(other)


def test_a_replayed_world_that_differs_is_told(recorded, tmp_path):
    path, _ = recorded
    text = path.read_text().replace('"load_set_kw":12.0', '"load_set_kw":12.001')
    changed = tmp_path / "changed.rec"
    changed.write_text(text)
    recording = load_recording(changed)
    player = Player(recording)
    player.advance(1e9)
    assert player.hash() != recording.hash


def test_a_long_run_is_cut_into_parts_that_each_play_by_themselves(start, tmp_path):
    bench = start(record=tmp_path)
    bench.station._journal._recorder._part_bytes_max = 3_000
    for load_kw in (5.0, 10.0, 5.0, 10.0):
        bench.command("srv_a", "set_load", power_kw=load_kw)
        bench.advance(30.0)
    bench.station.close()
    parts = sorted(tmp_path.glob("*.rec"), key=lambda file: load_recording(file).header.part)
    assert len(parts) >= 3
    for part in parts:
        player = Player(load_recording(part))
        player.advance(1e9)
        assert player.differences == []
    assert player.hash() == bench.station.hash()


def test_the_oldest_recordings_make_room(tmp_path):
    for number in range(60):
        (tmp_path / f"{number:03}.rec").write_text("x")
    (tmp_path / "gone.rec").symlink_to(tmp_path / "nowhere")  # as one that another run removes after it was listed
    recorder = Recorder(tmp_path, Header("", 1, "test", 0), begin=lambda: "")
    recorder.close()
    assert len([path for path in tmp_path.glob("*.rec") if path.exists()]) == 50
    assert recorder.path.exists()


def test_a_folder_that_cannot_be_used_stops_the_recording_and_not_the_run(start, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    bench = start(record=blocked / "folder")
    bench.advance(3.0)
    assert bench.station.recording is None
    assert any("no recording" in note.text for note in bench.coordinator.notes())


def test_a_busy_stretch_has_more_moments_so_that_a_seek_into_it_is_short(start, tmp_path, monkeypatch):
    """A replay settles every node at each input: of 8 nodes 200 inputs are as much as 3 of 500."""
    monkeypatch.setattr(journal, "SETTLED_MAX", 8 * 5)
    bench = start(record=tmp_path)
    bench.advance(20.0)
    for number in range(6):
        bench.command("srv_a", "set_load", power_kw=10.0 + number)
    bench.advance(30.0)
    bench.station.close()
    recording = load_recording(bench.station.recording)
    moments_s = [entry.t_s for entry in recording.entries if isinstance(entry.what, Recorded)]
    assert [second_s for second_s in moments_s if second_s < 20.0] == [0.0]
    assert len([second_s for second_s in moments_s if 20.0 < second_s < 35.0]) == 1
    assert moments_s[-1] < 35.0  # nothing happens any more


def test_the_screens_of_a_replay_are_the_firmwares(recorded):
    path, bench = recorded
    player = Player(load_recording(path))
    player.advance(1e9)
    frames = {node_id: player.screen(node_id) for node_id in bench.facility.nodes}
    assert {len(frame) for frame in frames.values()} == {1024}
    assert len(set(frames.values())) == len(frames)
    earlier = frames["ups_a"]
    player.go_to(player.recording.start_s + 1.0)
    assert player.screen("ups_a") != earlier


def test_a_replay_takes_no_commands(recorded):
    player = Player(load_recording(recorded[0]))
    assert player.send("util_a", "set_fault", {"state": True}).result == "rejected"
    with pytest.raises(ValueError, match="outside the recording"):
        player.go_to(1e6)


def test_a_world_of_another_engine_is_refused_with_the_cure(recorded, tmp_path):
    path, _ = recorded
    lines = path.read_text().splitlines(keepends=True)
    moment = json.loads(lines[1])
    moment["world"] = "eJwDAAAAAAE="  # nothing, compressed
    lines[1] = json.dumps(moment) + "\n"
    other = tmp_path / "other.rec"
    other.write_text("".join(lines))
    with pytest.raises(RecordingError, match=r"cannot be read.*\ncure: replay it with"):
        Player(load_recording(other))
