"""A site as a file: read with its lines, checked whole, or generated. `load_facility` is the way in."""

from winter_river.facility.faults import FacilityError, Fault
from winter_river.facility.generate import generate, to_yaml
from winter_river.facility.loader import library, load_facility, parse_facility
from winter_river.facility.model import NODES_MAX, Facility, Node

__all__ = [
    "NODES_MAX",
    "Facility",
    "FacilityError",
    "Fault",
    "Node",
    "generate",
    "library",
    "load_facility",
    "parse_facility",
    "to_yaml",
]
