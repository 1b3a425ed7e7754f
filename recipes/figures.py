"""Single games of the bar GAN paper's figures, and the whole table of alarms: `antiphon reproduce` under a loupe.

    python recipes/figures.py [--figure 5|6|7|8|bar-...] [--seed S] [--iterations N] [--corpus C] [--out DIR]
    python recipes/figures.py --table [--seed S ...] [--out DIR]

The first form trains one game, or all, and writes its pictures. The second trains every game under every seed and
compares the alarms with what the settings foretell. C is an embedded corpus or the folder of a prepared one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from antiphon.errors import InputError
from antiphon.reproductions.bar_figures import table, train
from antiphon.reproductions.bar_games import GAMES, SEEDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the module's docstring says."""
    options = _options().parse_args(arguments)
    try:
        if options.table:
            table(options.seed or SEEDS, options.out, iterations=options.iterations, corpus=options.corpus, show=_print)
        else:
            _train_and_tell(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _train_and_tell(options: argparse.Namespace) -> None:
    for figure in [options.figure] if options.figure else GAMES:
        game = GAMES[figure]
        for seed in options.seed or SEEDS[:1]:
            _print(f"figure {figure}, {game.title}, seed {seed}. Expected: {game.expected}, for {game.because}.")
            trained = train(figure, seed, options.out, iterations=options.iterations, corpus=options.corpus, say=_print)
            _print(f"Alarms at the end: {trained.heard}. Curves and bars: {', '.join(map(str, trained.pictures))}\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train games of the bar GAN paper's figures 5 to 8 anew.")
    parser.add_argument("--figure", choices=GAMES, help="one game; without it, all")
    parser.add_argument("--seed", type=int, nargs="+")
    parser.add_argument("--iterations", type=int, help="instead of the game's own length")
    parser.add_argument("--corpus", help="an embedded corpus or the folder of a prepared one")
    parser.add_argument("--out", type=Path, default=Path("out/figures"))
    parser.add_argument("--table", action="store_true", help="every game under every seed, expected beside heard")
    return parser


def _print(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
