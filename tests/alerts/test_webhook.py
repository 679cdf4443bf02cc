"""Alarms by HTTP to a real server: routed by how bad they are, signed, repeated until taken, and never in the way."""

import base64
import hashlib
import hmac
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from winter_river.alerts.loader import RulesError, load_rules
from winter_river.alerts.model import Moment, Transition
from winter_river.alerts.webhook import QUEUE_MAX, Call, Route, Webhook, delay_s, headers_of, secret_of


def transition(priority="high", act="raise", *, before="normal", after="unacknowledged", node="util_a"):
    moment = Moment(5.0, 12.5, 1_700_000_000.0)
    return Transition(moment, ("utility_lost", node), priority, before, after, act, f"{node} is lost")


class Receiver:
    """A server that writes down what it is sent, and answers what it is told to."""

    def __init__(self):
        self.calls, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.calls.append((self.path, dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?team=1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hook():
    """Makes a started webhook whose waits are written down and not waited."""
    made = []

    def start(url, **route):
        waits = []
        made.append(Webhook(Route(url, **route), site="hall", rng=random.Random(1), wait=waits.append))
        made[-1].waits = waits
        made[-1].start()
        return made[-1]

    yield start
    for each in made:
        each.stop()


def until(claim, timeout_s=60.0):
    end_s = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end_s, "not in time"
        time.sleep(0.01)


def test_alarm_is_sent_with_all_that_is_known_of_it(receiver, hook):
    made = hook(receiver.url)
    made.tell([transition()])
    until(lambda: made.counts.sent == 1)
    ((path, headers, body),) = receiver.calls
    assert (path, headers["content-type"]) == ("/hook?team=1", "application/json")
    assert "webhook-signature" not in headers
    fields = json.loads(body)
    assert (fields["type"], fields["timestamp"]) == ("alarm.raise", "2023-11-14T22:13:20Z")
    assert fields["data"]["site"] == "hall"
    assert (fields["data"]["alarm"], fields["data"]["priority"]) == ("utility_lost/util_a", "high")


def test_route_takes_its_priority_and_worse_and_no_consequences(receiver, hook):
    made = hook(receiver.url, least="high")
    made.tell([transition("low"), transition("medium"), transition("critical"), transition("high")])
    made.tell([transition("critical", "raise", after="suppressed")])
    until(lambda: made.counts.sent == 2)
    assert [json.loads(body)["data"]["priority"] for _, _, body in receiver.calls] == ["critical", "high"]


def test_call_is_signed_as_the_standard_says(receiver, hook):
    made = hook(receiver.url, secret=secret_of("whsec_" + base64.b64encode(b"a secret of ours").decode()))
    made.tell([transition()])
    until(lambda: made.counts.sent == 1)
    _, headers, body = receiver.calls[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = hmac.new(b"a secret of ours", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(wanted).decode()}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_signature_is_that_of_the_specifications_example():
    """The worked example of the Standard Webhooks specification's reference libraries."""
    route = Route("http://x", secret=secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    call = Call("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    assert headers_of(route, call, 1614265330)["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("answer", [500, 503, 429, 408, 302])
def test_call_is_repeated_with_the_same_id_until_it_is_taken(receiver, hook, answer):
    receiver.answers = [answer, answer]
    made = hook(receiver.url)
    made.tell([transition()])
    until(lambda: made.counts.sent == 1)
    assert (made.counts.failed, len(receiver.calls)) == (2, 3)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.calls}) == 1
    assert 0.8 <= made.waits[0] <= 1.2 and 1.6 <= made.waits[1] <= 2.4


@pytest.mark.parametrize("answer", [400, 401, 404, 410])
def test_call_that_is_refused_is_not_repeated_and_the_next_goes_out(receiver, hook, answer):
    receiver.answers = [answer]
    made = hook(receiver.url)
    made.tell([transition(), transition(node="util_b")])
    until(lambda: made.counts.sent == 1)
    assert (made.counts.refused, len(receiver.calls)) == (1, 2)


def test_nobody_there_costs_nothing_but_a_bounded_queue(hook):
    made = Webhook(Route("http://127.0.0.1:1/"), site="hall")
    made.tell([transition()] * (QUEUE_MAX + 25))
    assert (made.waiting, made.counts.dropped) == (QUEUE_MAX, 25)


def test_waits_double_to_a_minute():
    rng = random.Random(3)
    waits = [delay_s(tries, rng) for tries in range(1, 12)]
    for wait_s, middle_s in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60), strict=True):
        assert 0.8 * middle_s <= wait_s <= 1.2 * middle_s


def test_file_of_rules_names_webhooks_and_secrets_that_others_cannot_read(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("rules: x\nalarms: []\nwebhooks:\n  - {url: https://pager.example/a, from: high, secret: key}\n")
    with pytest.raises(RulesError, match="there is no file"):
        load_rules(own)
    (tmp_path / "key").write_text("letters")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(RulesError, match="is a secret and others can read it"):
        load_rules(own)
    (tmp_path / "key").chmod(0o600)
    (hook,) = load_rules(own).hooks
    assert (hook.url, hook.least, hook.secret) == ("https://pager.example/a", "high", str(tmp_path / "key"))


@pytest.mark.parametrize("url", ["ftp://x/", "pager.example", "https://me:secret@pager.example/"])
def test_address_that_cannot_be_called_is_refused(tmp_path, url):
    own = tmp_path / "own.yaml"
    own.write_text(f"rules: x\nalarms: []\nwebhooks:\n  - url: '{url}'\n")
    with pytest.raises(RulesError, match="own.yaml:4:"):
        load_rules(own)
