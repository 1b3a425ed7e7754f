"""Unpack the music of a foreign archive into a folder: bombs, links and names that lead out of it are refused."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import Field

from antiphon.config import Config
from antiphon.data.collections import is_marker
from antiphon.errors import InputError

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
WANTED = (".mid", ".midi", ".kar", ".mxl", ".musicxml", ".npz", ".csv")


class ArchiveLimits(Config):
    """What an archive may ask for; the defaults leave room for all of Lakh (178,561 files)."""

    max_members: int = Field(default=500_000, gt=0)
    max_member_bytes: int = Field(default=64 * 2**20, gt=0)
    max_total_bytes: int = Field(default=16 * 2**30, gt=0)
    max_ratio: float = Field(default=1000.0, gt=0)


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of an archive that `unpack` reads."""
    return path.name.lower().endswith(ARCHIVES)


def unpack(path: Path, folder: Path, limits: ArchiveLimits | None = None) -> None:
    """Write the music of an archive and what tells where it comes from below `folder`; other members are left out.

    Raises
    ------
    InputError
        If the archive is damaged, exceeds a limit, or holds an absolute path, `..`, or a link with a music file's name.
    """
    limits = limits or ArchiveLimits()
    total, count = 0, 0
    try:
        with _members(path) as members:
            for name, stream in members:
                count += 1
                if count > limits.max_members:
                    raise InputError(f"{path}: has over {limits.max_members} members; unpack it by hand")
                target = _target(path, folder, name)
                if stream is None or not _wanted(name):
                    continue
                total += _copy(path, name, stream, target, min(limits.max_member_bytes, limits.max_total_bytes - total))
                if total > limits.max_ratio * path.stat().st_size:
                    raise InputError(f"{path}: unpacks to over {limits.max_ratio:.0f} times its size; it is refused")
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError) as error:
        raise InputError(f"{path}: a damaged or foreign archive ({error}); fetch it again") from None
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be unpacked here ({error}); unpack it by hand") from None


def _wanted(name: str) -> bool:
    return name.lower().endswith(WANTED) or is_marker(name)


def _target(path: Path, folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in name or name[1:2] == ":":
        raise InputError(f"{path}: the member {name!r} leads out of the archive's folder; it is refused")
    return folder / parts


def _copy(path: Path, name: str, stream: IO[bytes], target: Path, room: int) -> int:
    content = stream.read(room + 1)
    if len(content) > room:
        raise InputError(f"{path}: the member {name!r} unpacks to over {room} bytes; it is refused")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return len(content)


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes] | None]]]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            yield _zip_members(path, archive)
    else:
        with tarfile.open(path, mode="r:*") as archive:
            yield _tar_members(path, archive)


def _zip_members(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for member in archive.infolist():
        if stat.S_ISLNK(member.external_attr >> 16):
            _refuse_link(path, member.filename)
        if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16) or not _wanted(member.filename):
            yield member.filename, None
            continue
        with archive.open(member) as stream:
            yield member.filename, stream


def _tar_members(path: Path, archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for member in archive:
        if member.issym() or member.islnk():
            _refuse_link(path, member.name)
        yield member.name, archive.extractfile(member) if member.isfile() else None


def _refuse_link(path: Path, name: str) -> None:
    if name.lower().endswith(WANTED):
        raise InputError(f"{path}: the member {name!r} is a link; it is refused")
