"""Every figure of the README: `python -m benchmarks [NAME...] [--quick] [--out JSON]`, and what a benchmark takes:
`--peer DIR`, `--model FILE`, `--corpus NAME`."""

import argparse
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import torch

import benchmarks
from antiphon.errors import InputError
from benchmarks.table import Row, UnavailableError, save, show


def collect() -> dict[str, ModuleType]:
    """Every module here that has a `run`, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names if not name.startswith("_")}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def measure(
    module: ModuleType, quick: bool, peer: Path | None, model: str | None = None, corpus: str | None = None
) -> list[Row]:
    """The rows of a module; a peer's checkout goes to those that compare themselves with it, a model to those that
    grade one, a corpus to those that take music from one."""
    options = {"peer": peer, "model": model, "corpus": corpus}
    given = {name: value for name, value in options.items() if value is not None}
    taken = inspect.signature(module.run).parameters
    rows: list[Row] = module.run(quick=quick, **{name: value for name, value in given.items() if name in taken})
    return rows


def main(arguments: list[str]) -> int:
    """Measure what is named, or everything that this machine can show; 2 where that was not possible."""
    modules = collect()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(modules)}; all when left out")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--peer", type=Path, help="a checkout whose code is timed in the same run")
    parser.add_argument("--model", help="a model file to grade, where a benchmark grades one")
    parser.add_argument("--corpus", help="the corpus whose music is taken, where a benchmark takes some")
    parser.add_argument("--out", type=Path, help="write all tables as JSON too")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in modules]:
        parser.error(f"there is no benchmark {unknown[0]!r}; choose from {', '.join(modules)}")
    torch.set_num_threads(1)
    tables: dict[str, list[Row]] = {}
    missed = 0
    for name in options.names or modules:
        try:
            tables[name] = measure(modules[name], options.quick, options.peer, options.model, options.corpus)
        except InputError as error:
            print(f"\n{name}: {error}", file=sys.stderr)
            missed += name in options.names or not isinstance(error, UnavailableError)
            continue
        show(name, tables[name])
    if options.out is not None:
        save(options.out, tables)
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
