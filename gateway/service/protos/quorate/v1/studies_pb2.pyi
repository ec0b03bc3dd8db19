from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchRequest(_message.Message):
    __slots__ = ("study", "checkpoint")
    STUDY_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    study: str
    checkpoint: str
    def __init__(self, study: _Optional[str] = ..., checkpoint: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("study", "round", "caught_up", "checkpoint")
    STUDY_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    study: StudyState
    round: RoundState
    caught_up: CaughtUp
    checkpoint: str
    def __init__(self, study: _Optional[_Union[StudyState, _Mapping]] = ..., round: _Optional[_Union[RoundState, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., checkpoint: _Optional[str] = ...) -> None: ...

class StudyState(_message.Message):
    __slots__ = ("study", "state", "document")
    STUDY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    study: str
    state: str
    document: bytes
    def __init__(self, study: _Optional[str] = ..., state: _Optional[str] = ..., document: _Optional[bytes] = ...) -> None: ...

class RoundState(_message.Message):
    __slots__ = ("study", "round", "state", "document")
    STUDY_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    study: str
    round: int
    state: str
    document: bytes
    def __init__(self, study: _Optional[str] = ..., round: _Optional[int] = ..., state: _Optional[str] = ..., document: _Optional[bytes] = ...) -> None: ...

class CaughtUp(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
