import asyncio
import logging

import pytest

from gateway.service.serve import _apart


async def test_a_defect_of_a_part_is_logged_and_ends_that_part_alone(caplog):
    async def defective():
        raise ZeroDivisionError("a defect")

    with caplog.at_level(logging.ERROR):
        await _apart(defective())
    assert "the others go on" in caplog.text
    assert "a defect" in caplog.text


async def test_a_part_ends_when_the_gateway_does():
    task = asyncio.create_task(_apart(asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
