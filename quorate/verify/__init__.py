"""The offline verifier of evidence bundles: no network, no torch, no gRPC. It returns a report or raises.

The only room of `quorate` that reads files: those of the bundle.
"""

from quorate.verify.checkpoint import Checkpoint
from quorate.verify.errors import VerificationError
from quorate.verify.report import Failure, NotChecked, Report, Step, Verified
from quorate.verify.verifier import verify_bundle

__all__ = ["Checkpoint", "Failure", "NotChecked", "Report", "Step", "VerificationError", "Verified", "verify_bundle"]
