"""Which settings are in force: the node's own checked copies, or a node.json that somebody has put beside them.

node.json is what people write and the tools deploy; the node only reads it. Once it has passed the checks it is adopted:
kept whole, with every default, in two copies with a checksum. Orders (`config`) change the copies; a new node.json, told
by its checksum, replaces them; `factory_reset` goes back to the node.json that is there.
"""

import binascii
import json

from winter_node import VERSION

SETTINGS, SOURCE, CHECKED_BY = "settings", "source", "checked_by"  # what a copy holds
_WORDS_MAX = 52  # the rest of an ack's `applied`


def load(open_file, path, kept):
    """(settings, faults): the settings are None where there are no good ones at all.

    kept: the two copies (hal.flash.Flash). Faults beside good settings are those of a node.json that was not adopted.
    """
    faults = []
    text = _text_of(open_file, path)
    source = binascii.crc32(text) if text is not None else 0
    if text is None:
        faults.append(path + " is not there")
    elif source != kept.get(SOURCE, None):
        settings = _checked(text, path, faults)
        if settings is not None:
            _adopt(kept, settings, source)
            return settings, faults
    stored = kept.get(SETTINGS, None)
    if stored is None:
        return None, faults
    if text is None:
        faults = []  # the node's own copies are enough
    if kept.get(CHECKED_BY, "") != VERSION:  # another firmware may have other rules
        stored = _fitting(stored, faults)
        if stored is not None:
            _adopt(kept, stored, kept.get(SOURCE, 0))
    return stored, faults


def keeper(hw, path, settings):
    """What carries out the orders about settings: (verb, params) -> what will hold from the next boot, in words.

    settings: those in force. The function raises ValueError where the order does not fit, OSError where the chip does
    not take it.
    """
    held = [settings]

    def keep(verb, params):
        from winter_node import settings as rules
        from winter_node.hal import flash

        kept = flash.Flash(hw, flash.SETTINGS)
        if verb == "factory_reset":
            held[0] = _of_file(hw.open, path, kept)
            return path
        wanted, faults = rules.changed(held[0], params)
        if faults or not params:
            raise ValueError(faults[0] if faults else "nothing to change")
        kept.put_all({SETTINGS: wanted, SOURCE: kept.get(SOURCE, 0), CHECKED_BY: VERSION})
        held[0] = wanted
        return ",".join(sorted(params))[:_WORDS_MAX]

    return keep


def _of_file(open_file, path, kept):
    """Goes back to node.json and gives the settings in it."""
    faults = []
    text = _text_of(open_file, path)
    settings = None if text is None else _checked(text, path, faults)
    if settings is None:
        raise ValueError(faults[0] if faults else path + " is not there")
    kept.put_all({SETTINGS: settings, SOURCE: binascii.crc32(text), CHECKED_BY: VERSION})
    return settings


def _text_of(open_file, path):
    try:
        with open_file(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _checked(text, path, faults):
    try:
        given = json.loads(str(text, "utf-8"))
    except ValueError:
        faults.append(path + " is not JSON")
        return None
    return _fitting(given, faults)


def _fitting(given, faults):
    """The settings with every default, or None and their faults; the rules are loaded only when they are needed."""
    from winter_node import settings as rules

    settings, found = rules.check(given)
    faults.extend(found)
    return None if found else settings


def _adopt(kept, settings, source):
    try:
        kept.put_all({SETTINGS: settings, SOURCE: source, CHECKED_BY: VERSION})
    except OSError:
        return  # a chip that takes no writes: node.json is checked anew at each boot
