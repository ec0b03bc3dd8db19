"""Bundles of handmade ledgers."""

from gateway.audit.build import finish
from gateway.audit.collect import Collector
from gateway.audit.seal import About
from gateway.audit.staging import staging
from quorate.verify.bundle.names import artifact_name
from quorate.verify.bundle.scope import Extent


def export(ledger, target, *, artifacts=None, blocks=None, **extent):
    """Export a ledger's blocks, or others given instead, as the officer of the first member."""
    ledger.cut()
    with staging(target) as staged, Collector(staged, chaincode="quorate", extent=Extent(**extent)) as collected:
        for block in blocks or ledger.chain.blocks:
            collected.take(block)
        for digest, data in (artifacts or {}).items():
            staged.write(artifact_name(digest), data)
        about = About(channel="quorate", chaincode="quorate", extent=Extent(**extent))
        return finish(staged, collected, about, ledger.officer, target)
