from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_PLAN: _ClassVar[Kind]
    KIND_INITIAL_MODEL: _ClassVar[Kind]
    KIND_FINAL_MODEL: _ClassVar[Kind]
    KIND_UPDATE: _ClassVar[Kind]
    KIND_EVALUATION: _ClassVar[Kind]
KIND_UNSPECIFIED: Kind
KIND_PLAN: Kind
KIND_INITIAL_MODEL: Kind
KIND_FINAL_MODEL: Kind
KIND_UPDATE: Kind
KIND_EVALUATION: Kind

class Label(_message.Message):
    __slots__ = ("kind", "study", "round", "msp", "dataset")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STUDY_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MSP_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    kind: Kind
    study: str
    round: int
    msp: str
    dataset: str
    def __init__(self, kind: _Optional[_Union[Kind, str]] = ..., study: _Optional[str] = ..., round: _Optional[int] = ..., msp: _Optional[str] = ..., dataset: _Optional[str] = ...) -> None: ...

class Artifact(_message.Message):
    __slots__ = ("digest", "size", "label")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size: int
    label: Label
    def __init__(self, digest: _Optional[str] = ..., size: _Optional[int] = ..., label: _Optional[_Union[Label, _Mapping]] = ...) -> None: ...

class StatRequest(_message.Message):
    __slots__ = ("digest", "upload_size")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_SIZE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    upload_size: int
    def __init__(self, digest: _Optional[str] = ..., upload_size: _Optional[int] = ...) -> None: ...

class StatResponse(_message.Message):
    __slots__ = ("complete", "size", "kept", "labels")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    size: int
    kept: int
    labels: _containers.RepeatedCompositeFieldContainer[Label]
    def __init__(self, complete: bool = ..., size: _Optional[int] = ..., kept: _Optional[int] = ..., labels: _Optional[_Iterable[_Union[Label, _Mapping]]] = ...) -> None: ...

class PutRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: PutHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[PutHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class PutHeader(_message.Message):
    __slots__ = ("artifact", "offset")
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    artifact: Artifact
    offset: int
    def __init__(self, artifact: _Optional[_Union[Artifact, _Mapping]] = ..., offset: _Optional[int] = ...) -> None: ...

class PutResponse(_message.Message):
    __slots__ = ("digest", "size")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    size: int
    def __init__(self, digest: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("digest", "offset")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    digest: str
    offset: int
    def __init__(self, digest: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...
