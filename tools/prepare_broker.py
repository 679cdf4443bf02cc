"""Makes sure this machine has an MQTT broker to run: installs the embedded one when there is no mosquitto.

--embedded installs it in any case (the tests try both).
"""

import sys

from winter_river.service import broker_embedded, broker_mosquitto


def main() -> None:
    if broker_mosquitto.find() and "--embedded" not in sys.argv[1:]:
        return
    node = broker_embedded.find_node()
    if node is None:
        sys.exit("prepare_broker: no Node for the embedded broker here; cure: sudo apt install mosquitto")
    try:
        broker_embedded.install(node, progress=print)
    except broker_embedded.EmbeddedError as error:
        sys.exit(f"prepare_broker: {error}")


if __name__ == "__main__":
    main()
