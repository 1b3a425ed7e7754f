"""The one exception that is the user's to mend: a sentence that names the file or key and says what to do."""

_STARVED = ("not enough memory", "out of memory", "allocate", "bad_alloc")
_LESS = {
    "train": "lower train.batch_size or the family's widths",
    "generate": "ask for fewer bars or songs at once",
}


class InputError(ValueError):
    """Bad input from outside (a file, an option, a config, a checkpoint); doors print it alone and exit with code 2."""


def memory_sentence(error: MemoryError | RuntimeError, command: str) -> str | None:
    """What to tell who ran `command` into the machine's limits; None where `error` is of another kind.

    torch raises a plain RuntimeError where a CPU has no memory left, so it is told by its text.
    """
    text = str(error).lower()
    if not isinstance(error, MemoryError) and not any(words in text for words in _STARVED):
        return None
    return f"not enough memory on this machine; {_LESS.get(command, 'give it less at a time')}"
