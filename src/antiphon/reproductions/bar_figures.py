"""The bar GAN paper's figures 5 to 8 trained anew, and how often the alarms of health are right about such games."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon.errors import InputError
from antiphon.reproductions.bar_games import GAMES, NO_ALARM, SEEDS, Game
from antiphon.reproductions.result import Asked, Line, Reproduction
from antiphon.reproductions.runs import alarms_at_the_end, trained
from antiphon.training.log import History

FIGURES = ("5", "6", "7", "8")
_PAPER: Mapping[str, tuple[float | None, float | None]] = {"7": (0.9, 1.0), "8": (0.45, 0.55)}
"""C_r and C_f at the end, where the paper states them in its text."""
_BLIND = (
    "0.45 and 0.55 are what a discriminator that always says the same gives under smoothed labels. Where a fresh "
    "probe's AUC is near 1, the game is not balanced but blind."
)
_TOY = "A toy run only shows that everything works; its games have hardly begun."
_TOY_ITERATIONS = 6
_PAPER_ITERATIONS, _PAPER_BATCH = 14_000, ("train.batch_size=72",)
"""Twenty passes over the paper's 50,400 bars in batches of 72."""

SHOWN: Mapping[str, str] = {
    "C_r": "discriminator/confidence_real",
    "C_f": "discriminator/confidence_fake",
    "effective bars": "health/effective_samples",
    "spread to real": "health/spread_ratio",
    "distinct, one condition": "health/distinct_one_condition",
    "own AUC": "health/critic_auc",
    "fresh AUC": "health/probe_auc",
}
"""What is shown of a run's end; a dash stands for what was not measured."""


@dataclass(frozen=True)
class Trained:
    """A finished game: the alarms that sounded at its last examination, the log, and the pictures kept."""

    game: Game
    raised: tuple[str, ...]
    history: History
    pictures: tuple[Path, ...] = ()

    def last(self, name: str) -> float | None:
        """A figure as it was logged last; of an examination, what the last one found."""
        records = [record for record in self.history if any(key.startswith(name.partition("/")[0]) for key in record)]
        return records[-1].get(name) if records else None

    @property
    def heard(self) -> str:
        """The alarms in words."""
        return ", ".join(self.raised) or NO_ALARM


def reproduce(asked: Asked) -> Reproduction:
    """Train the games of the four figures and keep their curves and bars.

    At toy scale they are a few iterations long, at paper scale as long as twenty passes over the paper's bars.

    Raises
    ------
    InputError
        If the corpus cannot be had or the pictures cannot be written.
    """
    if asked.scale == "paper" and asked.corpus is None:
        raise InputError(
            "bar-figures-5-8: the paper's music is MAESTRO, which does not ship; run antiphon prepare maestro OUT and "
            "give that folder as --corpus"
        )
    iterations = {"toy": _TOY_ITERATIONS, "cpu": None, "paper": _PAPER_ITERATIONS}[asked.scale]
    more = _PAPER_BATCH if asked.scale == "paper" else ()
    corpus = asked.corpus or ("quartets" if asked.scale == "toy" else None)
    lines: list[Line] = []
    pictures: list[Path] = []
    for figure in FIGURES:
        game = GAMES[figure]
        asked.say(f"figure {figure}, {game.title}: {iterations or game.iterations:,} iterations")
        chosen: dict[str, Any] = {"iterations": iterations, "corpus": corpus, "more": more, "say": asked.say}
        played = train(figure, asked.seed, asked.out, **chosen)
        lines += _lines(figure, played)
        pictures += played.pictures
    music = corpus or ", ".join(dict.fromkeys(GAMES[figure].corpus for figure in FIGURES))
    return Reproduction(
        tuple(lines),
        f"games of {iterations or 'some hundred'} iterations on {music}, {'72' if more else '32'} bars each",
        (_TOY if asked.scale == "toy" else _BLIND,),
        tuple(pictures),
    )


def train(
    figure: str,
    seed: int,
    out: Path | None = None,
    *,
    iterations: int | None = None,
    corpus: str | None = None,
    more: Sequence[str] = (),
    say: Callable[[str], object] = print,
) -> Trained:
    """Train a game from scratch and, where a folder is given, write its pictures: `figure-N-SEED.png` (losses, C_r and
    C_f) and `figure-N-SEED-bars.png` (eight made bars, then the real bars of the same conditions).

    Raises
    ------
    InputError
        If the corpus cannot be had or the pictures cannot be written.
    """
    from antiphon.training.log import read_log

    game = GAMES[figure]
    config = game.resolve(seed, iterations, more)
    with trained(config, corpus or game.corpus, say) as run:
        history = read_log(run)
        pictures = () if out is None else _keep_pictures(run, out, f"figure-{figure}-{seed}")
    return Trained(game, alarms_at_the_end(history), history, pictures)


def table(
    seeds: Sequence[int] = SEEDS,
    out: Path | None = None,
    *,
    iterations: int | None = None,
    corpus: str | None = None,
    show: Callable[[str], object] = print,
) -> list[tuple[str, bool]]:
    """Train every game under every seed, show a line about each, and say of each whether the alarms were right."""
    columns = ("run", "expected", "alarms at the end", "right", *SHOWN)
    show(f"| {' | '.join(columns)} |")
    show("|---" * len(columns) + "|")
    verdicts = []
    for figure, game in GAMES.items():
        for seed in seeds:
            played = train(figure, seed, out, iterations=iterations, corpus=corpus, say=_silent)
            right = game.is_right(played.raised)
            verdicts.append((figure, right))
            cells = [f"{figure}, seed {seed}", game.expected, played.heard]
            show(f"| {' | '.join([*cells, 'yes' if right else 'NO', *_figures(played)])} |")
    show(f"right: {sum(right for _, right in verdicts)} of {len(verdicts)}")
    return verdicts


def _lines(figure: str, played: Trained) -> Iterator[Line]:
    row = f"figure {figure}, {played.game.title}"
    yield Line(row, "what happened", played.game.title, played.heard)
    paper = dict(zip(("C_r", "C_f"), _PAPER.get(figure, (None, None)), strict=True))
    for column, name in SHOWN.items():
        if (value := played.last(name)) is not None:
            yield Line(row, column, paper.get(column), value)


def _figures(played: Trained) -> Iterator[str]:
    for name in SHOWN.values():
        value = played.last(name)
        yield "-" if value is None else f"{value:.3g}"


def _keep_pictures(run: Path, out: Path, name: str) -> tuple[Path, ...]:
    pictures = {out / f"{name}.png": run / "curves.png"}
    bars = sorted((run / "previews").glob("*.png"))
    if bars:
        pictures[out / f"{name}-bars.png"] = bars[-1]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for target, source in pictures.items():
            shutil.copyfile(source, target)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}); choose another folder with --out") from None
    return tuple(pictures)


def _silent(sentence: str) -> None:
    pass
