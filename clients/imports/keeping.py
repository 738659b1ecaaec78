"""The uploaded file: packed pieces in the database, read as a stream. It is there for every worker and in every backup,
and goes with the rest of what is forgotten."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from clients.imports.tables import Layout
from clients.models import ClientImport, ClientImportPiece

PIECE: Final = 1024 * 1024


def keep(one: ClientImport, file: BinaryIO) -> None:
    """Write the pieces of a file."""
    file.seek(0)
    number = 0
    while piece := file.read(PIECE):
        ClientImportPiece.objects.create(
            program_id=one.program_id, client_import=one, number=number, content=zlib.compress(piece, 1)
        )
        number += 1


def digest_of(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size."""
    file.seek(0)
    found, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        found.update(piece)
        size += len(piece)
    file.seek(0)
    return found.hexdigest(), size


@contextmanager
def opened(one: ClientImport, layout: Layout) -> Iterator[BinaryIO]:
    """The file as it was sent. An XLSX is an archive, whose end is read first: it lies on disk meanwhile."""
    stream = io.BufferedReader(_Pieces(one), PIECE)
    if layout.kind == "csv":
        yield stream
        return
    with tempfile.TemporaryFile() as file:
        while piece := stream.read(PIECE):
            file.write(piece)
        file.seek(0)
        yield file


class _Pieces(io.RawIOBase):
    """Reads one piece at a time. It can go back to its beginning, and nowhere else."""

    def __init__(self, one: ClientImport) -> None:
        super().__init__()
        self.one, self.number, self.rest = one, 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        if self.number == 0 and not self.rest:
            return 0
        raise io.UnsupportedOperation("tell")

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("seek")
        self.number, self.rest = 0, b""
        return 0

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what the stubs call Buffer
        if not self.rest:
            self.rest = self._next()
        part = self.rest[: len(buffer)]
        buffer[: len(part)] = part
        self.rest = self.rest[len(part) :]
        return len(part)

    def _next(self) -> bytes:
        pieces = ClientImportPiece.objects.filter(
            program_id=self.one.program_id, client_import=self.one, number=self.number
        )
        content = pieces.values_list("content", flat=True).first()
        self.number += 1
        return b"" if content is None else zlib.decompress(bytes(content))
