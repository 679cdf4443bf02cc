"""The topics: <root>/<node>/<leaf>. The only place that spells them."""

ROOT = "winter-river"
ROOT_LENGTH_MAX = 40
NODE_ID_LENGTH_MAX = 32
TOPIC_BYTES_MAX = 99  # under 100: older umqtt loses the length of a longer SUBSCRIBE

STATUS = "status"
COMMAND = "command"
ACK = "ack"
VIEW = "view"
EVENT = "event"
LEAVES = (STATUS, COMMAND, ACK, VIEW, EVENT)

ENGINE = "engine"
FACILITY = "facility"
WEATHER = "weather"
VIRTUAL = (ENGINE, FACILITY, WEATHER)  # nodes of the host itself; no device may take these ids

_FIRST = "abcdefghijklmnopqrstuvwxyz0123456789"
_REST = _FIRST + "_-"


def is_node_id(text):
    """Whether text is a node id: [a-z0-9][a-z0-9_-]{0,31}."""
    if not isinstance(text, str) or not 1 <= len(text) <= NODE_ID_LENGTH_MAX:
        return False
    if text[0] not in _FIRST:
        return False
    for letter in text:
        if letter not in _REST:
            return False
    return True


def is_root(text):
    """Whether text can be a topic root: node-id letters, parts joined by single slashes, 40 at most."""
    if not isinstance(text, str) or not 1 <= len(text) <= ROOT_LENGTH_MAX:
        return False
    for part in text.split("/"):
        if not is_node_id(part):
            return False
    return True


def topic(node_id, leaf, root=ROOT):
    """The topic of one leaf of one node."""
    return root + "/" + node_id + "/" + leaf


def all_of(leaf, root=ROOT):
    """The subscription that hears one leaf of every node."""
    return root + "/+/" + leaf


def everything(root=ROOT):
    """The subscription that hears the whole tree."""
    return root + "/#"


def parse(text, root=ROOT):
    """(node_id, leaf) of a topic, or None where it is not one of ours."""
    head = root + "/"
    if not text.startswith(head):
        return None
    parts = text[len(head) :].split("/")
    if len(parts) != 2 or parts[1] not in LEAVES or not is_node_id(parts[0]):
        return None
    return parts[0], parts[1]
