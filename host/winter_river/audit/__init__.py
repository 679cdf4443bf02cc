"""The audit: who had which command sent, from where, and what became of it; append-only, hash-chained, on the disk first."""

from winter_river.audit.checking import Verdict, verify
from winter_river.audit.reading import Row, latest
from winter_river.audit.record import COMPLETED, EXECUTING, FAILED, PENDING, VERSION, masked
from winter_river.audit.trail import AuditError, Trail

__all__ = [
    "COMPLETED",
    "EXECUTING",
    "FAILED",
    "PENDING",
    "VERSION",
    "AuditError",
    "Row",
    "Trail",
    "Verdict",
    "latest",
    "masked",
    "verify",
]
