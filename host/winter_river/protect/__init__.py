"""Profile `secured`: certificates, keys, passwords and rights of a site, in one private folder.

`keys.Keys(folder)` gives a node's key for command MACs, `epoch.raised(folder)` the fencing number of a new start.
"""

from winter_river.protect.errors import ProtectError
from winter_river.protect.keys import KeyOf, Keys, no_keys

__all__ = ["KeyOf", "Keys", "ProtectError", "no_keys"]
