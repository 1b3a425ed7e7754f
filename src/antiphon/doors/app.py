"""What every door is fixed to: the application, the option --json, and the ways to answer."""

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import App, Parameter

from antiphon import __version__

app = App(
    name="antiphon",
    help="Symbolic music generation with generative adversarial networks.",
    version=__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
convert = App(name="convert", help="Make a model file of published weights.", result_action="return_value")
app.command(convert)

AsJson = Annotated[bool, Parameter(name="--json", negative="")]


def tell(facts: Any, sentence: str, as_json: bool) -> None:
    """Print facts as JSON, or what they say in a sentence."""
    if as_json:
        print_json(facts)
    else:
        print(sentence)


def print_json(value: Any) -> None:
    """Print plain values as JSON."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def print_rows(rows: Callable[[], list[dict[str, Any]]], as_json: bool) -> None:
    """Print rows of equal keys as JSON, or as a table."""
    from antiphon.commands.listings import table_text

    if as_json:
        print_json(rows())
    else:
        print(table_text(rows()))


def quiet(sentence: str) -> None:
    """Say nothing: JSON stands alone."""


def say_to_stderr(sentence: str) -> None:
    """Say something beside the result."""
    print(sentence, file=sys.stderr)
