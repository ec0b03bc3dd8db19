"""Who may read the trail, and the log of who did: every read goes through the desk, which asks and logs first."""

from gateway.audit.access.desk import Desk
from gateway.audit.access.log import AccessLog
from gateway.audit.access.reader import Reader, identify

__all__ = ["AccessLog", "Desk", "Reader", "identify"]
