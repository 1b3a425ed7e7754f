"""The command line: the doors, and one sentence for every fault."""

import os
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError
from cyclopts.exceptions import UnknownOptionError

from antiphon.doors import accompanying, continuing, judging, listing, making, training
from antiphon.doors.app import app
from antiphon.errors import InputError, memory_sentence

__all__ = ["app", "main", "run"]
DOORS = (making, continuing, accompanying, training, judging, listing)
"""Each fixes its commands to `app` when it is imported, and imports what they need only when they are opened."""


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0, or 2 after one sentence on standard error."""
    try:
        app(list(arguments), exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except (InputError, CycloptsError) as error:
        return _fail(" ".join(f"{error} {_way_of(error, arguments)}".split()))
    except KeyboardInterrupt:
        return _fail(f"interrupted; {_INTERRUPTED.get(next(iter(arguments), ''), _WHOLE)}")
    except BrokenPipeError:
        # The reader has gone; what Python would flush at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}; mend this and try again")
    except (MemoryError, RuntimeError) as error:
        if (sentence := memory_sentence(error, next(iter(arguments), ""))) is None:
            raise
        return _fail(sentence)
    return 0


def _way_of(error: Exception, arguments: Sequence[str]) -> str:
    """How what was meant by an option that there is none of can be said."""
    if isinstance(error, UnknownOptionError) and arguments[0] == "train":
        return training.way_of_setting(error.token.value, arguments[1:])
    return ""


_WHOLE = "every file that is there is whole"
_INTERRUPTED = {
    "train": "what was trained is kept, and the same command goes on from there",
    "prepare": "a corpus is there whole or not at all; the same command makes what is missing",
    "generate": "every song that is there is whole; the same command writes them all again",
    "accompany": "every song that is there is whole; the same command writes them all again",
    "continue": "every song that is there is whole; the same command writes them all again",
    "reproduce": "what pictures are there are whole; the same command begins again",
    "render": "nothing was written; the same command begins again",
}


def _fail(sentence: str) -> int:
    print(f"antiphon: {sentence}", file=sys.stderr)
    return 2
