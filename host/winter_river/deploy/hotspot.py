"""The table-top's own Wi-Fi: a NetworkManager connection that makes this machine an access point for the boards.

Settings only. The password is put in where it is installed, and is in no file of ours: the place says @PASSWORD@.
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_river.settings import Settings

# What a board's node.json starts from (firmware/winter_node/settings.py); a test holds them to it.
SSID = "WinterRiver-AP"
ADDRESS = "192.168.4.1"
PREFIX_LENGTH = 24
CHANNEL = 6  # of 2.4 GHz: the published design's; an ESP32 has no other band
PASSWORD_PLACE = "@PASSWORD@"
FILE_NAME = f"{SSID}.nmconnection"

# nm-settings-keyfile(5). `shared` gives addresses to the boards and lets them out where this machine has a way out.
_TEXT = """\
# The access point of the table-top. Generated: winter-river generate hotspot
# Belongs to /etc/NetworkManager/system-connections, mode 600; `sudo make service HOTSPOT=wlan0` puts it there.
[connection]
id={ssid}
uuid={uuid}
type=wifi
autoconnect=true

[wifi]
mode=ap
ssid={ssid}
band=bg
channel={channel}

[wifi-security]
key-mgmt=wpa-psk
proto=rsn;
pairwise=ccmp;
group=ccmp;
psk={password}

[ipv4]
method=shared
address1={address}/{prefix}

[ipv6]
method=disabled
"""
_UUID = "7d0f5c1e-6a0b-4c39-9a8e-57494e544552"  # chosen: fixed, so that a second installation is the same connection


def make(settings: Settings) -> Mapping[str, str]:
    """The connection's keyfile; the same for all settings but the address."""
    text = _TEXT.format(
        ssid=SSID,
        uuid=_UUID,
        channel=CHANNEL,
        password=PASSWORD_PLACE,
        address=settings.lan_address or ADDRESS,
        prefix=PREFIX_LENGTH,
    )
    return {FILE_NAME: text}
