"""The screen's claims: what stands where for every type, what is marked when it is old, broken or out of order."""

from winter_node import core as cores
from winter_node import roles, screen
from winter_wire import codec, schema


class Canvas:
    """framebuf's methods on 8 lines of 16 letters, strict about what a real one would cut off or blur."""

    def __init__(self):
        self.shapes = 0

    def fill(self, ink):
        assert ink == 0
        self.lines = [[" "] * 16 for _ in range(8)]

    def text(self, text, x, y, ink):
        assert x % 8 == 0 or not ink, "off the grid: " + text
        assert y % 8 == 0 or not ink
        assert 0 <= x and x + 8 * len(text) <= 128 and 0 <= y <= 56, text
        for index in range(len(text)):
            column = x // 8 + index
            assert self.lines[y // 8][column] == " ", "two texts overlap at " + text
            self.lines[y // 8][column] = text[index]

    def hline(self, x, y, w, ink):
        self._inside(x, y, w, 1)

    def rect(self, x, y, w, h, ink):
        self._inside(x, y, w, h)

    def fill_rect(self, x, y, w, h, ink):
        self._inside(x, y, w, h)

    def _inside(self, x, y, w, h):
        assert 0 <= x and x + w <= 128 and 0 <= y and y + h <= 64 and w >= 0 and h > 0
        self.shapes += 1


def shown(picture):
    """The lines on the screen, right ends trimmed."""
    canvas = Canvas()
    screen.draw(canvas, picture)
    return ["".join(line).rstrip() for line in canvas.lines]


def facts(type_name="ups", node_id="ups_a", **more):
    known = {
        "node_id": node_id, "type": type_name, "state": "NORMAL", "mode": "auto",
        "handle": schema.TYPES[type_name][schema.HANDLES][0], "fault": "", "values": {}, "stale": False,
        "connected": True, "trouble": "", "age_s": 1, "rssi": -52, "ssid": "WinterRiver-AP", "address": "192.168.4.21",
        "broker": "192.168.4.1:1883", "lost": 2, "unsent": 0, "fw": "0.1.0", "uptime_s": 3725, "heap_free": 61440,
        "reset_cause": "power", "refused": 3, "errors": "", "boots": 7, "safe": "", "note": "",
    }  # fmt: skip
    known.update(more)
    return known


def case_ups_shows_power_load_time_left_and_its_battery():
    values = {"power_kw": 386.12, "load_pct": 78.84, "soc_pct": 87.3, "runtime_s": 100, "voltage_out": 480.2}
    assert shown(screen.main_page(facts(state="ON_BATTERY", values=values))) == [
        "ups_a",
        "[ON_BATTERY]",
        "",
        "386.1kW      79%",
        "left 1:40   480V",
        "BATT         87%",
        "",
        "ONLINE -52dBm",
    ]


def case_utility_shows_kilovolts_hertz_and_amps():
    values = {"voltage_out": 230000, "frequency_hz": 60, "power_kw": 465.06, "current": 1.2114}
    lines = shown(screen.main_page(facts("utility", "utility_a", state="GRID_OK", values=values)))
    assert lines[:2] + lines[3:6] == ["utility_a", "[GRID_OK]", "230.0kV  60.00Hz", "465.1kW", "1.21A"]


def case_generator_shows_speed_and_fuel():
    values = {"rpm": 1800, "frequency_hz": 60.0, "power_kw": 450, "load_pct": 75, "fuel_pct": 99.4}
    lines = shown(screen.main_page(facts("generator", "generator_a", state="RUNNING", values=values)))
    assert lines[3:6] == ["1800rpm   60.0Hz", "450.0kW      75%", "FUEL         99%"]


def case_bar_is_as_long_as_its_value():
    for value, width in ((0, 0), (50, 28), (100, 56), (140, 56)):
        picture = screen.main_page(facts(values={"soc_pct": value}))
        fills = [shape for shape in picture if shape[0] == "fill"]
        assert fills[0][3] == width, value


def case_every_type_fits_with_any_values_in_range():
    for type_name in schema.TYPES:
        for word, _ in schema.TYPES[type_name][schema.STATES]:
            for value in (0, 0.04, 9.99, 99.96, 999.95, 5000, 99999, -12.3):
                values = {}
                for row in roles.rows(type_name):
                    for field in (row[2],) if row[0] == roles.BAR else [cell[0] for cell in row]:
                        values[field] = int(abs(value)) if field == "runtime_s" else value
                for mode in ("auto", "manual", "local"):
                    lines = shown(screen.main_page(facts(type_name, state=word, mode=mode, values=values)))
                    assert lines[1].startswith("[" + word + "]"), type_name


def case_every_field_on_a_screen_is_one_the_contract_has():
    for type_name in schema.TYPES:
        known = schema.fields("status", type_name)
        for row in roles.rows(type_name):
            for field in (row[2],) if row[0] == roles.BAR else [cell[0] for cell in row]:
                assert field in known, (type_name, field)


def case_nothing_is_shown_as_a_number_before_it_is_known():
    lines = shown(screen.main_page(facts(state="", age_s=None, stale=True)))
    assert lines[1] == "[WAITING]" and lines[3] == "--kW         --%" and lines[4] == "left --      --V"
    assert lines[7] == "NO ENGINE YET"


def case_old_values_stay_and_are_marked():
    lines = shown(screen.main_page(facts(values={"power_kw": 386.1}, stale=True, age_s=23)))
    assert (lines[1], lines[3][:7], lines[7]) == ("[NORMAL?]", "386.1kW", "NO ENGINE 23s")
    assert shown(screen.main_page(facts(stale=True, age_s=900)))[7] == "NO ENGINE 15m"


def case_trouble_is_said_in_plain_words():
    for words in ("AP NOT SEEN", "WRONG PASSWORD", "NO BROKER", "REFUSED", "DUPLICATE ID"):
        assert shown(screen.main_page(facts(connected=False, trouble=words)))[7] == words
    assert shown(screen.main_page(facts(connected=False, trouble="")))[7] == "CONNECTING"


def case_fault_shows_its_name():
    assert shown(screen.main_page(facts(fault="fault")))[6] == "!FAULT"
    assert shown(screen.main_page(facts("utility", fault="sag=0.30")))[6] == "!SAG=0.30"


def case_handle_out_of_its_place_and_a_hand_are_shown():
    lines = shown(screen.main_page(facts("switchgear", state="OPEN", handle="open", mode="local")))
    assert (lines[1], lines[6]) == ("[OPEN]       LOC", "handle open")
    assert shown(screen.main_page(facts(state="ON_BATTERY", mode="manual")))[1] == "[ON_BATTERY] MAN"


def case_long_ids_keep_their_end_which_tells_the_side():
    assert screen.short("mv_lv_transformer_a") == "mv_lv_trans~er_a"
    assert len(screen.short("a" * 32)) == 16


def case_corner_tells_a_pace_that_is_not_the_clocks():
    paces = ((0, "FROZEN"), (0.1, "0.1x"), (0.25, "0.25x"), (10, "10x"), (380, "380x"), (1000, "1000x"))
    for speed, corner in paces:
        assert shown(screen.main_page(facts(values={"speed": speed})))[0] == "ups_a" + " " * (11 - len(corner)) + corner
    assert shown(screen.main_page(facts()))[0] == "ups_a"


def case_long_ids_make_room_for_the_pace_and_keep_their_end():
    for speed, line in ((0, "mv_l~er_a FROZEN"), (10, "mv_lv_t~er_a 10x"), (1000, "mv_lv~er_a 1000x")):
        assert shown(screen.main_page(facts(node_id="mv_lv_transformer_a", values={"speed": speed})))[0] == line


def case_network_page_tells_where_it_wants_to_go():
    lines = shown(screen.network_page(facts(connected=False, trouble="NO BROKER")))
    assert lines == [
        "NETWORK",
        "NO BROKER",
        "WinterRiver-AP",
        "signal -52dBm",
        "192.168.4.21",
        "192.168.4.1:1883",
        "lost 2 times",
        "unsent 0",
    ]


def case_about_page_tells_what_it_is():
    lines = shown(screen.about_page(facts(errors="! oled")))
    assert lines == [
        "ABOUT",
        "ups_a",
        "version 0.1.0",
        "up 1:02:05",
        "heap 61440",
        "boot 7 power",
        "refused 3",
        "! oled",
    ]


def case_identify_fills_the_screen():
    picture = screen.identify_page("ups_a")
    assert picture[0] == ("fill", 0, 0, 128, 64, 1) and picture[1][3:] == ("ups_a", 0)


def case_faults_are_shown_a_screen_at_a_time_until_all_have_been_seen():
    faults = ["type is 'upss'; known: cooling pdu", "id is missing"]
    lines = shown(screen.bad_settings_page(faults))
    assert lines[:5] == ["BAD SETTINGS", "type is 'upss';", "known: cooling p", "du", "id is missing"]
    faults.append("x" * 100)  # seven lines more: eleven in all, seven to a screen
    first = shown(screen.bad_settings_page(faults, 0))
    second = shown(screen.bad_settings_page(faults, 1))
    assert first[0] == "BAD SETTINGS 1/2" and second[0] == "BAD SETTINGS 2/2"
    assert first[5] == "x" * 16 and second[1:5] == ["x" * 16, "x" * 16, "x" * 16, "x" * 4]
    assert screen.bad_settings_page(faults, 2) == screen.bad_settings_page(faults, 0)


def case_safe_mode_says_so_and_why_instead_of_the_main_page():
    words = facts(safe="ValueError('no view of this kind')", connected=False, trouble="NO BROKER")
    assert shown(screen.page(screen.MAIN, words)) == [
        "SAFE MODE",
        "ups_a",
        "ValueError('no v",
        "iew of this kind",
        "')",
        "",
        "",
        "NO BROKER",
    ]
    assert shown(screen.page(screen.NETWORK, words))[0] == "NETWORK"
    assert shown(screen.page(screen.ABOUT, words))[0] == "ABOUT"
    assert shown(screen.page(screen.MAIN, facts()))[1] == "[NORMAL]"


def case_same_facts_give_the_same_picture():
    assert screen.main_page(facts()) == screen.main_page(facts())
    assert screen.main_page(facts()) != screen.main_page(facts(fault="fault"))


def case_real_view_of_every_type_can_be_shown():
    for type_name in schema.TYPES:
        core = cores.Core({"id": "x", "type": type_name}, 1, lambda: 0.5)
        fields = {
            "v": 1,
            "node_id": "x",
            "timeline": 1,
            "t_s": 1,
            "state": schema.TYPES[type_name][schema.STATES][0][0],
        }
        for name in schema.ELECTRICAL + schema.own_fields(type_name)[0]:
            fields[name] = 1
        core.on_message("winter-river/x/view", codec.encode("view", fields, type_name), False, 1)
        shown(screen.main_page(facts(type_name, values=core.view)))
