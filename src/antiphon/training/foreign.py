"""Checkpoints of other programs: a restricted reader that takes tensors and plain values and executes nothing."""

import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

import torch
from torch import Tensor

from antiphon.errors import InputError

_LIGHTNING = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "lightning_utilities.")
_MAX_BYTES = 8 * 2**30
_PLAIN = (str, bytes, int, float, complex, bool, type(None))


class _Bag(dict[Any, Any]):
    """Stands in for a harmless object: holds its items and attributes, runs nothing of its class."""

    def __init__(self, *ignored: object) -> None:
        super().__init__()

    def __new__(cls, *ignored: object) -> "_Bag":
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            if isinstance(part, dict):
                self.update(part)


class _ForeignError(ValueError):
    """Names what the file may not ask for."""


class _Call:
    """A function that a file may call but not change, as BUILD could change a plain one."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *values: Any) -> Any:
        return self._function(*values)

    def __setstate__(self, state: object) -> None:
        raise _ForeignError("a change of this reader")


def _path(*parts: Any) -> str:
    return str(PurePosixPath(*parts))


def _defaultdict(*ignored: object) -> dict[Any, Any]:
    return {}


def _encode(text: str, *ignored: object) -> bytes:
    # How protocol 2 writes bytes.
    return text.encode("latin1")


def _device(*parts: Any) -> str:
    return ":".join(str(part) for part in parts)


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *ignored: object) -> Tensor:
    # Strides of zero could make a terabyte of one number.
    if not isinstance(storage, torch.storage.TypedStorage) or math.prod(size) > storage._size():  # type: ignore[no-untyped-call]
        raise _ForeignError("a tensor that its data do not fill")
    rebuilt: Tensor = torch._utils._rebuild_tensor(storage, offset, size, stride)  # type: ignore[no-untyped-call]
    return rebuilt


def _parameter(data: Tensor, *ignored: object) -> Tensor:
    return data


_ALLOWED: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _Call(_tensor),
    ("torch._utils", "_rebuild_parameter"): _Call(_parameter),
    ("torch", "Size"): tuple,
    ("torch", "device"): _Call(_device),
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): _Call(_defaultdict),
    ("collections", "Counter"): dict,
    ("argparse", "Namespace"): _Bag,
    ("_codecs", "encode"): _Call(_encode),
    ("pathlib", "PosixPath"): _Call(_path),
    ("pathlib", "WindowsPath"): _Call(_path),
    ("pathlib._local", "PosixPath"): _Call(_path),
    # Protocol 2, torch's own, calls builtins by their old name.
    **{(home, kind.__name__): kind for home in ("builtins", "__builtin__") for kind in (dict, list, set, complex)},
    # A dtype comes as its name.
    **{("torch", name): name for name, value in vars(torch).items() if isinstance(value, torch.dtype)},
}


class _Unpickler(pickle.Unpickler):
    """A pickle reader to which no name but the allowed ones exists."""

    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if module.startswith(_LIGHTNING):
            return _Bag
        raise _ForeignError(f"the name {module}.{name}")


class _Reader:
    """What `torch.load` takes for the pickle module."""

    Unpickler = _Unpickler

    @staticmethod
    def load(stream: IO[bytes], **options: Any) -> Any:
        """Read one pickle."""
        return _Unpickler(stream, **options).load()


def read_torch_file(path: Path | str) -> dict[str, Any]:
    """Read a file of `torch.save`, such as a Lightning checkpoint, without running anything that it holds.

    Parameters
    ----------
    path
        A zip-format file (torch 1.6 or later).

    Returns
    -------
    dict
        Tensors on the CPU and plain values; `Namespace`, `AttributeDict`, paths, devices and the like come as
        dictionaries and strings, classes and objects of Lightning as dictionaries of their attributes.

    Raises
    ------
    InputError
        If the file is missing, damaged, compressed, or names any function or class outside a short list.
    """
    path = Path(path)
    _check_archive(path)
    try:
        # `_Reader` replaces pickle altogether, hence weights_only is not what guards here.
        content = torch.load(path, map_location="cpu", pickle_module=_Reader, weights_only=False)
        plain = _plain(content, {})
    except _ForeignError as error:
        raise InputError(f"{path}: refused, it asks for {error}, which no file of weights needs") from None
    except Exception as error:
        # Damage shows as any of a dozen types from zip, pickle and torch.
        raise InputError(f"{path}: damaged, or no checkpoint of torch ({type(error).__name__})") from None
    if not isinstance(plain, dict):
        raise InputError(f"{path}: holds no dictionary; give a checkpoint")
    return plain


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the name") from None
    except Exception:
        # Damage to names and sizes escapes zipfile as other errors than its own.
        raise InputError(f"{path}: no checkpoint of torch 1.6 or later; save it again with a newer torch") from None
    if any(entry.filename.endswith("constants.pkl") for entry in entries):
        raise InputError(f"{path}: refused, it is a TorchScript program, not a checkpoint")
    # torch stores without compression; anything else may be a bomb.
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise InputError(f"{path}: refused, it is compressed, as no file of torch.save is")
    if sum(entry.file_size for entry in entries) > min(_MAX_BYTES, path.stat().st_size):
        raise InputError(f"{path}: refused, it claims to be larger than it is, or than {_MAX_BYTES} bytes")


def _plain(value: Any, done: dict[int, Any]) -> Any:
    # What is shared stays shared, otherwise a few bytes could unfold to more than any memory.
    if id(value) not in done:
        done[id(value)] = _copy(value, done)
    return done[id(value)]


def _copy(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, (*_PLAIN, Tensor)):
        return value
    if isinstance(value, dict):
        return {_key(key): _plain(item, done) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_plain(item, done) for item in value)
    if isinstance(value, type):
        return "class"
    raise _ForeignError(f"a value of type {type(value).__name__}")


def _key(key: Any) -> Any:
    return key if isinstance(key, (*_PLAIN, tuple)) else "class"
