"""Outputs that appear whole or not at all: write beside, then rename."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from antiphon.errors import InputError


def _parent(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot make this folder ({error.strerror}); choose another place") from None
    return path.parent


def unwritable(path: Path, error: OSError) -> InputError:
    """The sentence for a full disk, a missing permission or a name that is a folder."""
    return InputError(f"{path}: cannot write here ({error.strerror or error}); free some space or choose another place")


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there when the block ends well, remove it when it does not.

    Raises
    ------
    InputError
        If the folder cannot be made or written, or the disk is full.
    """
    path = Path(path)
    parent = _parent(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=path.suffix, dir=parent)
        os.close(handle)
    except OSError as error:
        raise unwritable(path, error) from None
    beside = Path(name)
    try:
        yield beside
        _sync(beside)
        # mkstemp makes private files; an output gets the permissions that any new file would get.
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path | str) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; swap it into place when the block ends well, remove it when it does not.

    An existing folder at `path` is replaced only after the new one is complete, and put back where that fails.
    """
    path = Path(path)
    parent = _parent(path)
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=parent))
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        yield beside
        beside.chmod(0o777 & ~_umask())
        _swap(beside, path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_together(writes: Mapping[str, Callable[[Path], None]]) -> None:
    """Write several files, each by its own function, which is given the place to write to; all of them or none.

    Raises
    ------
    InputError
        As `whole_file`, or as a function raises it, naming the file by its own name.
    """
    with ExitStack() as stack:
        besides = {path: stack.enter_context(whole_file(path)) for path in writes}
        for path, beside in besides.items():
            try:
                writes[path](beside)
            except InputError as error:
                # Its sentence names the file that was to be renamed.
                raise InputError(str(error).replace(str(beside), path)) from None


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a whole file, or none."""
    with whole_file(path) as beside:
        beside.write_bytes(content)


def write_text(path: Path | str, content: str) -> None:
    """Write a whole UTF-8 text file, or none."""
    write_bytes(path, content.encode())


def _swap(beside: Path, path: Path) -> None:
    aside = beside.with_name(beside.name + ".old")
    try:
        if path.exists():
            path.replace(aside)
        beside.replace(path)
    except BaseException:
        # An interrupt may also come when the new folder is in place already.
        if aside.exists() and not path.exists():
            aside.replace(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
