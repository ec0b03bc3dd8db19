from __future__ import annotations

import socket
import struct
import threading

import pytest

from participants.training.wire import HEADER_LIMIT, Deadline, Message, receive, send
from quorate.errors import IntegrityError, TimedOutError, UnreachableError

SOON = 60.0


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def lengths(header, count, *blobs):
    return struct.pack(">5Q", header, count, *blobs, *[0] * (3 - len(blobs)))


def test_a_message_arrives_whole(ends):
    message = Message(header={"a": [1, "x"]}, blobs=(b"", bytes(range(256)) * 20_000))
    sender = threading.Thread(target=send, args=(ends[0], message, Deadline.after(SOON)))
    sender.start()
    assert receive(ends[1], Deadline.after(SOON)) == message
    sender.join()


def test_waiting_has_an_end(ends):
    with pytest.raises(TimedOutError):
        receive(ends[0], Deadline.after(0.05))
    with pytest.raises(TimedOutError):
        send(ends[0], Message(header={}, blobs=(bytes(1 << 24),)), Deadline.after(0.05))


def test_the_end_of_the_other_side_is_seen(ends):
    ends[1].sendall(lengths(10, 0)[:17])
    ends[1].close()
    with pytest.raises(UnreachableError):
        receive(ends[0], Deadline.after(SOON))


@pytest.mark.parametrize(
    "data",
    [lengths(HEADER_LIMIT + 1, 0), lengths(2, 4), lengths(2, 1, 1 << 60), lengths(2, 0) + b"[]"],
)
def test_lengths_beyond_their_bounds_are_refused(ends, data):
    ends[1].sendall(data)
    with pytest.raises(IntegrityError):
        receive(ends[0], Deadline.after(SOON))


def test_only_canonical_headers_are_read(ends):
    ends[1].sendall(lengths(7, 0) + b'{"a":1 ')
    with pytest.raises(Exception, match="JSON"):
        receive(ends[0], Deadline.after(SOON))
