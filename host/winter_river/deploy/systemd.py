"""systemd units: the site and its broker as native services, each shut in to what it needs.

The site runs as a user that exists only while it runs (DynamicUser). The broker cannot: it reads its certificates anew
when they are rotated, so they belong to a user that lasts, the one Debian's mosquitto comes with.
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_river.deploy import mosquitto
from winter_river.settings import PORT_DEFAULT, PORT_SITE_DEFAULT, Settings, is_address

PROGRAM = "/opt/winter-river/current/bin/winter-river"
FOLDER = "/etc/winter-river"
SECRETS = "/var/lib/winter-river/secrets"  # in the service's own state: its user exists only while it runs
WATCHDOG_S = 30  # chosen: the engine passes every second; the longest step of the largest site takes 1 s
STOP_S = 10  # chosen: a clean stop takes less than 5

# What neither needs. `systemd-analyze security --offline=true FILE` scores the result.
_SHUT_IN = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0027
"""

_SITE = """\
# Generated: winter-river generate systemd. Your own settings go to {folder}/winter-river.env.
[Unit]
Description=Winter River, a power site: engine, emulated nodes and page
Wants=winter-river-broker.service
After=winter-river-broker.service network.target
# Whatever is not there yet (broker, network), it comes up by itself once it is: never give up.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={program} run --no-ui --no-open
EnvironmentFile={folder}/winter-river.env
Environment=WINTER_RIVER_DATA_DIR=%S/winter-river WINTER_RIVER_CACHE_DIR=%C/winter-river
Environment=WINTER_RIVER_LOG_DIR=%L/winter-river WINTER_RIVER_CONFIG_DIR={folder}
# Settings that are changed while it runs are written here: the folder of its configuration is not its own.
WorkingDirectory=%S/winter-river
# The engine itself feeds this: one that hangs is started anew.
WatchdogSec={watchdog_s}
Restart=on-failure
RestartSec=2
# Used wrongly (a setting that is none): trying again cures nothing.
RestartPreventExitStatus=2
TimeoutStopSec={stop_s}

DynamicUser=yes
StateDirectory=winter-river
StateDirectoryMode=0750
CacheDirectory=winter-river
LogsDirectory=winter-river
WorkingDirectory=%S/winter-river
DevicePolicy=closed
MemoryMax=1G
TasksMax=256
# Which address is this machine's own on the private network is asked of the kernel (AF_NETLINK).
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
{jit}{shut_in}
[Install]
WantedBy=multi-user.target
"""

_BROKER = """\
# Generated: winter-river generate systemd.
[Unit]
Description=MQTT broker of Winter River
After=network.target
# Debian's own would hold the same port.
Conflicts=mosquitto.service
# Its address may come up after it (the hotspot's): never give up.
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/sbin/mosquitto -c {folder}/mosquitto.conf
# Reads certificates, passwords and rules anew.
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
TimeoutStopSec={stop_s}

User=mosquitto
Group=mosquitto
DevicePolicy=closed
MemoryMax=512M
TasksMax=32
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
# Boards and dashboards on private networks (RFC 1918); nobody else gets a packet through.
IPAddressDeny=any
IPAddressAllow=localhost 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
{shut_in}
[Install]
WantedBy=multi-user.target
"""

_ENVIRONMENT = """\
# Settings of the service winter-river. Every setting of `winter-river reference settings` may stand here, as WINTER_RIVER_NAME.
# After a change: sudo systemctl restart winter-river
WINTER_RIVER_FACILITY={facility}
# lab, or secured: then first `winter-river provision init`, see README.md of host/deploy
WINTER_RIVER_PROFILE={profile}
WINTER_RIVER_SECRETS={secrets}
WINTER_RIVER_BROKER={broker}
# emulated, mixed (a board takes over its slot while it is there), none (boards only)
WINTER_RIVER_NODES={nodes}
WINTER_RIVER_SEED={seed}
WINTER_RIVER_ROOT={root}
# The page. Beyond this machine it opens with a link only, which the log tells: journalctl -u winter-river
WINTER_RIVER_LAN={lan}
WINTER_RIVER_LAN_ADDRESS={lan_address}
WINTER_RIVER_PAGE_PORT={page_port}
"""


def make(settings: Settings) -> Mapping[str, str]:
    """The units, the settings they start from, and the broker's configuration."""
    lan = settings.lan or bool(settings.lan_address)
    host = mosquitto.host(settings)
    secured = settings.profile == "secured"
    port = (settings.site_port or PORT_SITE_DEFAULT) if secured else (settings.mqtt_port or PORT_DEFAULT)
    # MicroPython VMs run on Node, which compiles while it runs.
    jit = "" if settings.nodes == "vm" else "MemoryDenyWriteExecute=yes\n"
    common = {"folder": FOLDER, "shut_in": _SHUT_IN, "stop_s": STOP_S}
    environment = _ENVIRONMENT.format(
        facility=settings.facility,
        profile=settings.profile,
        secrets=settings.secrets or SECRETS,
        broker=settings.broker if is_address(settings.broker) else f"mqtt{'s' * secured}://{host}:{port}",
        nodes=settings.nodes if settings.nodes != "emulated" else "mixed",
        seed=settings.seed,
        root=settings.root,
        lan=str(lan).lower(),
        lan_address=host if lan else "",
        page_port=settings.page_port or 8080,
    )
    return {
        "winter-river.service": _SITE.format(program=PROGRAM, watchdog_s=WATCHDOG_S, jit=jit, **common),
        "winter-river-broker.service": _BROKER.format(**common),
        "winter-river.env": environment,
        **mosquitto.make(settings),
    }
