"""An organisation's revocation lists in a running channel: from then on every peer refuses what they name."""

from collections.abc import Sequence

from google.protobuf.message import DecodeError

from gateway.fabric.endpoint import Endpoint
from network.fabric.config_update import DEADLINE_S, update_value
from network.fabric.endorser import Endorser
from quorate.blocks import protos
from quorate.errors import IntegrityError


async def publish_revocations(
    endorser: Endorser,
    orderer: Endpoint,
    *,
    channel: str,
    msp_id: str,
    crls: Sequence[bytes],
    deadline_s: float = DEADLINE_S,
) -> bool:
    """Put an organisation's revocation lists into the channel's configuration; tell whether it had others.

    The organisation's own administrator may do this alone.

    Parameters
    ----------
    endorser
        A peer of the organisation, asked as its administrator.
    orderer
        Where the update is handed in.
    channel, msp_id
        The channel, and the member organisation in it.
    crls
        All its revocation lists, PEM, in place of those that the configuration has.
    deadline_s
        Seconds for all of it.

    Errors are those of `network.fabric.config_update.update_value`.
    """

    def with_lists(value: bytes) -> bytes:
        try:
            msp = protos.MSPConfig.FromString(value)
            fabric = protos.FabricMSPConfig.FromString(msp.config)
        except DecodeError as error:
            raise IntegrityError(f"The MSP {msp_id} in {channel} cannot be read.", cause=error) from error
        if list(fabric.revocation_list) == list(crls):
            return value
        del fabric.revocation_list[:]
        fabric.revocation_list.extend(crls)
        msp.config = fabric.SerializeToString()
        changed: bytes = msp.SerializeToString()
        return changed

    return await update_value(
        endorser,
        orderer,
        channel=channel,
        path=("Application", msp_id),
        key="MSP",
        change=with_lists,
        deadline_s=deadline_s,
    )
