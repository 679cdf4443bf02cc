"""The pictures of the README and the guide, taken anew from the real page; `make pictures` puts them in their place.

A test run takes the same steps and keeps plain screenshots; only `make pictures` waits for notices to fade and makes
the pictures small, which takes a minute.
"""

import base64
import os
import struct
import zlib
from collections import Counter
from pathlib import Path

import pytest
from winter_river import page as page_files

TAKING = bool(os.environ.get("PICTURES"))
FOLDER = Path(__file__).resolve().parents[2] / "build" / "page" / "pictures"

SIZES = {"plant": (1440, 900), "projector": (1920, 1080), "what-if": (1280, 800)}
BYTES_MAX = 150_000
COLOURS_MAX = 256


@pytest.fixture
def site(serve):
    served = serve()
    served.reset()
    yield served
    served.reset()


def cut(reader, site):
    """Takes the grid of side A away, and gives the second in which it went."""
    outage = {"command": "set_fault", "params": {"state": True, "kind": "outage"}}
    site.ask("/nodes/utility_a/command", outage)
    reader.until(lambda: site.service.site.view("utility_a")["state"] == "OUTAGE")
    return next(each.t_s for each in reversed(site.service.site.events()) if each.to == "OUTAGE")


def skip_to(site, t_s, *, stay=False):
    """A second of the run, at once. stay: time stands still there, for what is to be seen would pass by."""
    site.ask("/clock", {"action": "step", "value": t_s - site.service.site.t_s})
    if not stay:
        site.ask("/clock", {"action": "run"})


# Chromium unpacks its own screenshot: no library for pictures is needed.
PIXELS = """async (address) => {
  const image = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, image.width, image.height);
  let text = "";
  for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
  return {width: image.width, height: image.height, pixels: btoa(text)};
}"""


def palette_png(width, height, pixels):
    """A PNG of 8 bits a pixel. pixels: red, green, blue of each, row by row.

    A third of the bytes, and nobody sees it. The palette takes the most frequent colours, no two of them nearer than a few steps while there is room; every
    other colour becomes the nearest of them.
    """
    colours = [pixels[at : at + 3] for at in range(0, len(pixels), 3)]
    frequent = [colour for colour, _ in Counter(colours).most_common()]
    chosen = []
    for apart in (24, 10, 0):
        for colour in frequent:
            if len(chosen) == COLOURS_MAX:
                break
            if colour not in chosen and all(_distance(colour, other) > apart for other in chosen):
                chosen.append(colour)
    place = {colour: min(range(len(chosen)), key=lambda at: _distance(colour, chosen[at])) for colour in frequent}
    rows = bytes(place[colour] for colour in colours)
    raw = b"".join(b"\0" + rows[at : at + width] for at in range(0, len(rows), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(chosen)), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _distance(one, other):
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def take(reader, name):
    """Keeps what is seen, small in build/page/pictures where pictures are taken, and gives its bytes."""
    if not TAKING:
        return reader.shot(name)
    shot = base64.b64encode(reader.page.screenshot()).decode()
    blank = reader.context.new_page()  # the page's own policy lets it fetch nothing but its service
    seen = blank.evaluate(PIXELS, f"data:image/png;base64,{shot}")
    blank.close()
    data = palette_png(seen["width"], seen["height"], base64.b64decode(seen["pixels"]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(data)
    return data


def open_at(read, site, name, **options):
    """The page, as large as that picture is."""
    width, height = SIZES[name]
    reader = read(site.url, viewport={"width": width, "height": height}, **options)
    reader.is_live()
    return reader


def is_picture(data, name, *, small=TAKING):
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    palette = (depth, colour) == (8, 3)  # as PNG says it
    return data.startswith(b"\x89PNG") and (width, height) == SIZES[name] and (palette or not small)


def without_notice(page, *, expected=False):
    """Nothing lies over the picture that is to be taken."""
    if TAKING and expected:
        page.wait_for_selector(".notice.on")
    if TAKING:
        page.wait_for_selector(".notice.on", state="detached")


def test_what_if_the_generator_had_failed(site, read):
    reader = open_at(read, site, "what-if")
    skip_to(site, 75)
    skip_to(site, cut(reader, site) + 150)
    page = reader.page
    page.get_by_role("slider", name="Time shown").focus()
    page.keyboard.press("Home")
    page.wait_for_selector(".banner.past")
    page.keyboard.press("m")
    page.get_by_role("button", name="What if generator_a fails to start?").click()
    page.wait_for_selector(".banner.ghost")
    page.wait_for_selector(".chart canvas")
    without_notice(page)
    page.wait_for_timeout(1200)  # one refresh of the trends
    reader.until(lambda: "server_rack_a1" in page.locator(".ahead").inner_text())
    assert is_picture(take(reader, "what-if"), "what-if")


def test_projector_while_the_generator_carries_a_side(site, read):
    reader = open_at(read, site, "projector", color_scheme="dark")
    cut_s = cut(reader, site)
    reader.page.keyboard.press("p")
    skip_to(site, cut_s + 20)
    reader.page.locator("#state-lv_switchgear_a", has_text="GENERATOR").wait_for()
    assert is_picture(take(reader, "projector"), "projector")


# The last one, because an exercise stays beside the plant when it is over.
def test_plant_nine_seconds_after_the_outage(site, read):
    reader = open_at(read, site, "plant")
    reader.page.wait_for_selector("#node-ups_a.live")
    site.ask("/exercise", {"scenario": "guided-tour", "trainee": "", "exam": False})
    reader.page.get_by_role("group", name="Prediction").get_by_role("button", name="none").click()
    reader.page.locator(".tasks .open", has_text="Cut Utility A").wait_for()
    without_notice(reader.page, expected=True)
    skip_to(site, cut(reader, site) + 8.5, stay=not TAKING)
    reader.page.locator("#state-generator_a", has_text="STARTING").wait_for()
    reader.page.locator("#state-ups_a", has_text="ON_BATTERY").wait_for()
    assert is_picture(take(reader, "plant"), "plant")


def test_a_palette_keeps_the_pixels_of_a_picture_with_few_colours():
    pixels = bytes((10, 20, 30, 200, 210, 220)) * 8
    data = palette_png(4, 4, pixels)
    assert struct.unpack(">IIBB", data[16:26]) == (4, 4, 8, 3)
    palette = data[data.index(b"PLTE") + 4 :][:6]
    packed = data[data.index(b"IDAT") + 4 : data.index(b"IEND") - 8]
    rows = zlib.decompress(packed)
    seen = b"".join(palette[3 * place : 3 * place + 3] for row in range(4) for place in rows[row * 5 + 1 : row * 5 + 5])
    assert seen == pixels


@pytest.mark.parametrize("name", SIZES)
def test_the_picture_that_is_shown_is_small_and_part_of_the_page(name):
    data = (page_files._SOURCE / "pictures" / f"{name}.png").read_bytes()
    assert is_picture(data, name, small=True)
    assert len(data) < BYTES_MAX
    assert (page_files.build() / f"{name}.png").read_bytes() == data
    assert f'src="/{name}.png"' in (page_files.build() / "guide.html").read_text()
