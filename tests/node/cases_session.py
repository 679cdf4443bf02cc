"""The session's claims: connecting, repeating, noticing dead links, backing off, telling why."""

from winter_node import session as sessions
from winter_node import ticks

TOPIC = "winter-river/x/ack"


def middle():
    return 0.5


def always(value):
    """A source of chance that is none."""
    return lambda: value


def kinds(actions):
    return [action[0] for action in actions]


def up(now_ms=0):
    """A session that has just been let in, and when."""
    session = sessions.Session(middle, now_ms)
    session.on_link(True, "", now_ms)
    while session.state != sessions.OPENING:
        now_ms = ticks.add(now_ms, 10)
        session.tick(now_ms)
    assert session.on_connack(0, now_ms) == [("up",)]
    return session, now_ms


def alive(session, now_ms, until_ms):
    """Runs on with a broker that answers every ping at once."""
    while now_ms < until_ms:
        now_ms += 100
        for action in session.tick(now_ms):
            assert action[0] == "ping"
            session.on_heard(now_ms)
    return now_ms


def case_does_not_connect_without_a_network():
    session = sessions.Session(middle, 0)
    for now_ms in range(0, 60000, 1000):
        assert session.tick(now_ms) == []


def case_says_why_there_is_no_network():
    session = sessions.Session(middle, 0)
    session.on_link(False, "AP NOT SEEN", 0)
    assert session.trouble() == "AP NOT SEEN"
    session.on_link(True, "", 100)
    assert session.trouble() == ""


def case_boards_that_get_power_together_start_spread_out():
    starts = []
    for number in range(24):
        session = sessions.Session(always(number / 24), 0)
        session.on_link(True, "", 0)
        now_ms = 0
        while session.tick(now_ms) == []:
            now_ms += 1
        starts.append(now_ms)
    assert len(set(starts)) == 24 and max(starts) <= 1000


def case_waits_longer_and_longer_but_never_longer_than_the_cap():
    session = sessions.Session(lambda: 0.999, 0)
    session.on_link(True, "", 0)
    now_ms, waits, down_ms = 0, [], None
    while len(waits) < 10:
        if kinds(session.tick(now_ms)) == ["open"]:
            if down_ms is not None:
                waits.append(now_ms - down_ms)
            session.on_closed(sessions.NO_BROKER, now_ms)
            down_ms = now_ms
        now_ms += 10
    assert waits[0] <= 1000 and waits[:4] == sorted(waits[:4])
    assert 15000 < max(waits) <= 20000  # back within 30 s of the broker's return
    assert session.trouble() == "NO BROKER"


def case_half_of_every_wait_is_chance():
    for tries in range(12):
        least, most = sessions.backoff_ms(tries, lambda: 0.0), sessions.backoff_ms(tries, lambda: 0.9999)
        assert 0 < least and 1.9 * least <= most <= 20000, tries


def case_broker_that_accepts_and_says_nothing_is_given_up():
    session = sessions.Session(middle, 0)
    session.on_link(True, "", 0)
    now_ms = 0
    while kinds(session.tick(now_ms)) != ["open"]:
        now_ms += 10
    assert session.tick(now_ms + 4999) == []
    assert kinds(session.tick(now_ms + 5000)) == ["close"]
    assert session.trouble() == "NO ANSWER"


def case_refusals_are_told_in_plain_words():
    for code, words in ((1, "REFUSED"), (2, "BAD ID"), (3, "NO BROKER"), (4, "REFUSED"), (5, "REFUSED")):
        session, now_ms = up()
        session.on_closed(sessions.LINK_LOST, now_ms)
        while session.state != sessions.OPENING:
            now_ms += 10
            session.tick(now_ms)
        session.on_connack(code, now_ms)
        assert (session.state, session.trouble()) == (sessions.DOWN, words)


def case_core_is_told_once_up_and_once_down():
    session, now_ms = up()
    assert kinds(session.on_closed(sessions.LINK_LOST, now_ms)) == ["close", "down"]
    assert session.on_closed(sessions.LINK_LOST, now_ms) == []


def case_lost_network_takes_the_session_with_it():
    session, now_ms = up()
    assert session.on_link(False, "AP NOT SEEN", now_ms) == [("close",), ("down", "AP NOT SEEN")]


def case_pings_when_it_is_quiet_at_less_than_half_of_the_keepalive():
    session, start_ms = up()
    pinged = []
    for now_ms in range(start_ms, start_ms + 60000, 100):
        if "ping" in kinds(session.tick(now_ms)):
            pinged.append(now_ms)
            session.on_heard(now_ms)
    gaps = [pinged[index + 1] - pinged[index] for index in range(len(pinged) - 1)]
    assert len(pinged) >= 8 and max(gaps) < 7500


def case_pings_even_while_it_talks_itself():
    # Statuses of QoS 0 leave a frozen broker unnoticed: only an answer proves that it lives.
    session, start_ms = up()
    asked = []
    for now_ms in range(start_ms, start_ms + 20000, 100):
        session.publish(TOPIC, b"x", 0, True, now_ms)
        if "ping" in kinds(session.tick(now_ms)):
            asked.append(now_ms)
            session.on_heard(now_ms)
    assert len(asked) >= 3


def case_frozen_broker_is_noticed_within_eleven_seconds():
    session, start_ms = up()
    now_ms = start_ms
    while session.state == sessions.UP:
        now_ms += 100
        session.publish(TOPIC, b"x", 0, True, now_ms)
        actions = session.tick(now_ms)
    assert now_ms - start_ms <= 11000
    assert kinds(actions) == ["close", "down"] and session.trouble() == "NO ANSWER"


def case_late_puback_and_suback_are_a_dead_link_too():
    for ask in ("publish", "subscribe"):
        session, start_ms = up()
        if ask == "publish":
            session.publish(TOPIC, b"x", 1, False, start_ms)
        else:
            session.subscribe(TOPIC, 1, start_ms)
        session.on_heard(start_ms + 4000)
        assert session.state == sessions.UP
        session.tick(start_ms + 5000)
        assert session.state == sessions.DOWN


def case_waiting_never_goes_on_for_longer_than_due_says():
    session, now_ms = up()
    for _ in range(50):
        wait_ms = session.due_ms(now_ms)
        assert 0 <= wait_ms <= 5000
        now_ms += max(1, wait_ms)
        if "ping" in kinds(session.tick(now_ms)):
            session.on_heard(now_ms)


def case_unconfirmed_messages_are_sent_again_marked_after_a_reconnect():
    session, now_ms = up()
    first = session.publish(TOPIC, b"a", 1, False, now_ms)
    assert first == [("publish", TOPIC, b"a", 1, False, 1, False)]
    session.publish(TOPIC, b"b", 1, False, now_ms)
    session.on_puback(1)
    session.on_closed(sessions.LINK_LOST, now_ms)
    while session.state != sessions.OPENING:
        now_ms += 10
        session.tick(now_ms)
    session.on_connack(0, now_ms)
    session.on_message()
    assert session.tick(now_ms) == [("publish", TOPIC, b"b", 1, False, 2, True)]
    session.on_puback(2)
    assert session.unanswered() == 0


def case_outbox_follows_the_subscriptions_of_a_new_connection():
    session, now_ms = up()
    session.on_closed(sessions.LINK_LOST, now_ms)
    session.publish(TOPIC, b"a", 1, False, now_ms)
    while session.state != sessions.OPENING:
        now_ms += 10
        session.tick(now_ms)
    assert session.on_connack(0, now_ms) == [("up",)]
    assert kinds(session.subscribe(TOPIC, 1, now_ms)) == ["subscribe"]
    assert session.publish(TOPIC, b"b", 1, False, now_ms) == [], "nothing overtakes what waits"
    assert session.tick(now_ms) == [], "a broker has nobody to give it to before the service is back, too"
    session.on_message()
    assert session.tick(now_ms) == [
        ("publish", TOPIC, b"a", 1, False, 1, False), ("publish", TOPIC, b"b", 1, False, 3, False),
    ]  # fmt: skip


def case_what_happens_before_the_service_is_back_waits_for_it_too():
    session, now_ms = up()
    assert kinds(session.publish(TOPIC, b"a", 1, False, now_ms)) == ["publish"], "who has met nobody waits for nobody"
    session.on_puback(1)
    session.on_message()
    session.on_closed(sessions.LINK_LOST, now_ms)
    while session.state != sessions.OPENING:
        now_ms += 10
        session.tick(now_ms)
    session.on_connack(0, now_ms)
    session.publish(TOPIC, b"b", 1, False, now_ms)
    assert "publish" not in kinds(session.tick(now_ms))
    session.on_message()
    assert kinds(session.tick(now_ms)) == ["publish"]


def case_outbox_waits_no_longer_for_a_service_that_is_not_there():
    session, now_ms = up()
    session.on_closed(sessions.LINK_LOST, now_ms)
    session.publish(TOPIC, b"a", 1, False, now_ms)
    while session.state != sessions.OPENING:
        now_ms += 10
        session.tick(now_ms)
    session.on_connack(0, now_ms)
    assert "publish" not in kinds(session.tick(now_ms + 14_000))
    session.on_heard(now_ms + 14_000)  # the broker itself answers our ping
    assert kinds(session.tick(now_ms + 15_000)) == ["publish"]


def case_outbox_is_bounded_and_what_is_lost_is_counted():
    session = sessions.Session(middle, 0)
    for number in range(20):
        session.publish(TOPIC, b"%d" % number, 1, False, 0)
    assert session.unanswered() == 16 and session.counters["dropped"] == 4
    session.publish(TOPIC, b"x", 0, True, 0)
    assert session.counters["dropped"] == 5


def case_full_wire_keeps_a_qos_1_message_for_later():
    session, now_ms = up()
    action = session.publish(TOPIC, b"a", 1, False, now_ms)[0]
    session.on_full(action)
    assert kinds(session.tick(now_ms + 100)) == ["publish"]
    session.on_full(("publish", TOPIC, b"b", 0, True, 0, False))
    assert session.counters["dropped"] == 1


def case_packet_ids_go_round_past_65535_and_past_those_in_use():
    session, now_ms = up()
    held = session.publish(TOPIC, b"held", 1, False, now_ms)[0][5]
    session._pid = 65534
    seen = []
    for _ in range(4):
        pid = session.publish(TOPIC, b"x", 1, False, now_ms)[0][5]
        seen.append(pid)
        session.on_puback(pid)
    assert held == 1 and seen == [65535, 2, 3, 4]


def case_session_that_holds_starts_over_with_short_waits():
    session, now_ms = up()
    now_ms = alive(session, now_ms, now_ms + 46000)
    session.on_closed(sessions.LINK_LOST, now_ms)
    assert session.due_ms(now_ms) <= 1000


def case_single_cut_is_no_duplicate():
    session, now_ms = up()
    session.on_closed(sessions.LINK_LOST, now_ms, by_peer=True)
    assert session.trouble() == "LINK LOST"


def case_broker_that_restarts_twice_is_no_duplicate():
    session, now_ms = up()
    for _ in range(4):
        session.on_closed(sessions.LINK_LOST, now_ms, by_peer=True)
        for code in (None, 0):  # not there yet, then there
            while session.state != sessions.OPENING:
                now_ms += 10
                session.tick(now_ms)
            if code is None:
                session.on_closed(sessions.NO_BROKER, now_ms)
            else:
                session.on_connack(code, now_ms)
        assert session.trouble() == ""


def draws(seed):
    while True:
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield (seed >> 8) / (0x7FFFFFFF >> 8)


def case_two_nodes_of_one_id_meet_at_most_six_times_a_minute_and_say_so():
    # A broker that drops the older of two sessions with one id, as MQTT 3.1.1 demands (3.1.4-2).
    for seed in range(5):
        numbers = draws(seed)
        both = [sessions.Session(numbers.__next__, 0) for _ in range(2)]
        for session in both:
            session.on_link(True, "", 0)
        takeovers, holder = [], None
        for now_ms in range(0, 300000, 50):
            for session in both:
                actions = kinds(session.tick(now_ms))
                if "ping" in actions:
                    session.on_heard(now_ms)
                if "open" in actions:
                    if holder is not None and holder is not session:
                        takeovers.append(now_ms)
                        holder.on_closed(sessions.LINK_LOST, now_ms, by_peer=True)
                    holder = session
                    session.on_connack(0, now_ms)
        assert takeovers, seed
        for start_ms in range(0, 240000, 1000):
            met = [at_ms for at_ms in takeovers if start_ms <= at_ms < start_ms + 60000]
            assert len(met) <= 6, (seed, start_ms)
        assert [session.trouble() for session in both] == ["DUPLICATE ID"] * 2
        yield


def case_survivor_of_two_stops_complaining():
    session, now_ms = up()
    for _ in range(2):
        session.on_closed(sessions.LINK_LOST, now_ms, by_peer=True)
        while session.state != sessions.OPENING:
            now_ms += 10
            session.tick(now_ms)
        session.on_connack(0, now_ms)
    assert session.trouble() == "DUPLICATE ID"
    alive(session, now_ms, now_ms + 46000)
    assert session.trouble() == ""


def case_ticks_may_wrap_at_any_moment():
    session, now_ms = up(ticks.PERIOD - 3000)
    for _ in range(200):
        now_ms = ticks.add(now_ms, 100)
        if "ping" in kinds(session.tick(now_ms)):
            session.on_heard(now_ms)
    assert session.state == sessions.UP
