"""telegraf.conf: the way from the bus into a time-series database that needs nothing of ours to run.

It gives the points that our own sink gives (winter_river.store.sinks): measurement, tags and fields are equal, but for
`quality`, which Telegraf cannot know.
"""

from __future__ import annotations

from collections.abc import Mapping

from winter_wire import topics

from winter_river.address import parse_url
from winter_river.settings import PORT_DEFAULT, PORT_SITE_DEFAULT, Settings, is_address
from winter_river.store.sinks.line import BUCKET, MEASUREMENT, TAGS

FOLDER = "/etc/telegraf/winter-river"  # where profile secured has its certificates

_TEXT = """\
# Takes every node's status off the bus into InfluxDB. Generated: winter-river generate telegraf
# The token and the organisation come from the environment (INFLUX_TOKEN, INFLUX_ORG), say from an EnvironmentFile of
# mode 640 that belongs to root.

[agent]
  interval = "10s"
  flush_interval = "1s"
  # While the database is away this many points wait: 24 nodes that speak each 5 s for more than two hours.
  metric_buffer_limit = 50000
  omit_hostname = true

[[inputs.mqtt_consumer]]
  servers = ["{server}"]
  topics = ["{topic}"]
  qos = 0
  client_id = "telegraf"
  connection_timeout = "5s"
  topic_tag = ""
  name_override = "{measurement}"
  # Every key with a number becomes a field, those we have never heard of too.
  data_format = "json"
  tag_keys = [{tags}]
{certificates}
[[outputs.influxdb_v2]]
  urls = ["http://127.0.0.1:8086"]
  token = "$INFLUX_TOKEN"
  organization = "$INFLUX_ORG"
  bucket = "{bucket}"
"""


def make(settings: Settings) -> Mapping[str, str]:
    """telegraf.conf for the broker, the root and the certificates of these settings."""
    return {
        "telegraf.conf": _TEXT.format(
            server=_server(settings),
            topic=topics.all_of(topics.STATUS, settings.root),
            measurement=MEASUREMENT,
            tags=", ".join(f'"{name}"' for name in TAGS),
            bucket=BUCKET,
            certificates=_certificates(settings),
        )
    }


def _server(settings: Settings) -> str:
    """The broker as Telegraf spells it."""
    if not is_address(settings.broker) and settings.profile == "secured":
        return f"ssl://127.0.0.1:{settings.site_port or PORT_SITE_DEFAULT}"
    if not is_address(settings.broker):
        return f"tcp://127.0.0.1:{settings.mqtt_port or PORT_DEFAULT}"
    address = parse_url(settings.broker)
    scheme = "ssl" if settings.broker.startswith("mqtts:") else "tcp"
    return f"{scheme}://{address.host}:{address.port}"


def _certificates(settings: Settings) -> str:
    named = {"tls_ca": settings.broker_ca, "tls_cert": settings.broker_cert, "tls_key": settings.broker_key}
    if settings.profile == "secured" and not settings.broker_cert:  # of `winter-river provision person telegraf`
        named = {
            "tls_ca": f"{FOLDER}/site.pem",
            "tls_cert": f"{FOLDER}/telegraf.pem",
            "tls_key": f"{FOLDER}/telegraf.pem",
        }
    return "".join(f'  {name} = "{path}"\n' for name, path in named.items() if path)
