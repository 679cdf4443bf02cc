"""The fault field: which malfunctions a node has, how bad, how slowly, how late.

    "" or parts joined by commas; a part is kind[=severity][~ramp_s][@delay_s], as in sag=0.30~20@5

The node owns that a malfunction is injected and keeps this text. The engine owns the time: from the moment it hears of
a part it waits delay_s, then lets the severity run in ramp_s from what it was to what it shall be. The same text again
is no news to it, so a node that repeats itself, or is put back to an earlier instant, needs nothing but the text.
"""

SECONDS_MAX = 86400  # a day, of a ramp and of a delay

_MARKS = (("@", "delay_s", SECONDS_MAX), ("~", "ramp_s", SECONDS_MAX), ("=", "severity", 1))  # off the end of a part


def read(kinds, text):
    """([(kind, severity or None, ramp_s, delay_s)], "") in the order of the text, or (None, why it means nothing).

    kinds: the malfunctions of the type, (kind, severity unless given or None where it has none).
    """
    found = []
    seen = []
    for part in text.split(",") if text else ():
        numbers = []
        for mark, name, most in _MARKS:
            part, has, number = part.partition(mark)
            numbers.append(_number(number) if has else None)
            if has and not 0 <= numbers[-1] <= most:
                return None, "%s of %s is %r; from 0 to %d" % (name, part, number, most)
        delay_s, ramp_s, severity = numbers
        row = _row(kinds, part)
        if row is None:
            return None, "%r is none of %s" % (part, " ".join([kind for kind, _ in kinds]))
        if row[1] is None and not (severity is None and ramp_s is None):
            return None, part + " has no severity"
        if part in seen:
            return None, part + " stands twice"
        seen.append(part)
        found.append((part, row[1] if severity is None else severity, ramp_s or 0, delay_s or 0))
    return found, ""


def part(kind, severity, ramp_s, delay_s):
    """One part of the text; what is 0 (or None) is left out."""
    text = kind if severity is None else "%s=%.2f" % (kind, severity)
    if ramp_s:
        text += "~%g" % ramp_s
    if delay_s:
        text += "@%g" % delay_s
    return text


def _row(kinds, wanted):
    for row in kinds:
        if row[0] == wanted:
            return row
    return None


def _number(text):
    try:
        return float(text)
    except ValueError:
        return -1.0
