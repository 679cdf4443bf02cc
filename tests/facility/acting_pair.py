"""Two sites that differ by one type only, and how what is seen of the one is said of the other."""

import re

import acting_types as new
from winter_river.facility import parse_facility


class Pair:
    """A site, and the same with the new type."""

    def __init__(self, part, text):
        self.part, self.name, self.words = part, new.name_of(part), new.own(part)
        self.sites = parse_facility(text), parse_facility(new.with_new(text, part))
        self.ids = [node.id for node in self.sites[0].nodes.values() if node.type == part]

    def told(self, node_id, text):
        """A text about a node, in the words of its new type."""
        if node_id not in self.ids or not isinstance(text, str):
            return text
        return re.sub(r"\w+", lambda word: self.words.get(word[0], word[0]), text)

    def seen(self, node_id, fields):
        """Fields of a node, the words of the old type turned into those of the new one."""
        turned = {name: self.told(node_id, value) for name, value in fields.items() if name in ("state", "fault")}
        if fields.get("type") == self.part:
            turned["type"] = self.name
        return {**fields, **turned}

    def known(self, fields):
        """The fields that the new type has, of those of the old."""
        without = new.NEW[self.part][3]
        return {name: value for name, value in fields.items() if name not in without}
