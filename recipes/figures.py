"""The bar GAN paper's figures 5 to 8 trained anew, and a table of how often the alarms of health are right about them.

    python recipes/figures.py [--figure 5|6|7|8|bar-...] [--seed S] [--iterations N] [--corpus C] [--out DIR]
    python recipes/figures.py --table [--seed S ...] [--out DIR]

The first form trains one row, or all, and writes `figure-N-SEED.png` (losses, C_r and C_f) and `figure-N-SEED-bars.png`
(eight made bars, then the real bars of the same conditions). The second trains every row under every seed and compares
the alarms with what the row's settings foretell. C is an embedded corpus or the folder of a prepared one.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from antiphon.errors import InputError
from antiphon.presets import RunConfig, get_preset
from antiphon.training.log import History

TUNING_SEEDS = (0, 1, 2)
"""Rates and lengths below, and the limits of health, were chosen on these."""
SEEDS = (10, 11, 12)
"""The table is reported on these, which nothing was chosen on."""
NO_ALARM = "none"
_ALARM, _HEALTH = "alarm/", "health/"
_SHOWN: Mapping[str, str] = {
    "C_r": "discriminator/confidence_real",
    "C_f": "discriminator/confidence_fake",
    "effective bars": "health/effective_samples",
    "spread to real": "health/spread_ratio",
    "distinct, one condition": "health/distinct_one_condition",
    "own AUC": "health/critic_auc",
    "fresh AUC": "health/probe_auc",
}
"""What the table shows of a run's end; a dash stands for what was not measured."""


@dataclass(frozen=True)
class Recipe:
    """A row: settings, and what they foretell, decided from the settings alone.

    Parameters
    ----------
    title
        What the paper's figure shows.
    preset, overrides, iterations
        The run.
    corpus
        What it is trained on unless another is asked for.
    expected
        The alarm that must sound at the end, or "none".
    because
        Why, from the settings.
    also
        Alarms that may sound beside it, as parts or consequences of the same failure; any other is a false one.
    """

    title: str
    preset: str
    overrides: tuple[str, ...]
    iterations: int
    corpus: str
    expected: str
    because: str
    also: frozenset[str] = frozenset()

    def resolve(self, seed: int, iterations: int | None = None) -> RunConfig:
        """The run, examined three times and pictured at its end."""
        num = iterations or self.iterations
        intervals = (
            f"train.log_every={max(1, num // 40)}",
            f"train.health_every={max(1, num // 3)}",
            f"train.preview_every={num}",
            f"train.checkpoint_every={num}",
        )
        return get_preset(self.preset).resolve(
            [*self.overrides, f"train.iterations={num}", f"train.seed={seed}", *intervals]
        )

    def is_right(self, raised: Sequence[str]) -> bool:
        """Whether these alarms hold the expected one and no false one."""
        if self.expected == NO_ALARM:
            return not raised
        return self.expected in raised and set(raised) <= {self.expected, *self.also}


_BATCH = "train.batch_size=32"
_NO_MINIBATCH = "family.discriminator.minibatch=null"
_SMALL_BAR = (
    "family.hidden_dim=64",
    "family.embedding_dim=24",
    "family.critic_dim=48",
    # The preset's own lead would outlast these runs: the generator would never move.
    "family.critic_lead=20",
    "train.batch_size=64",
    "train.ema_decay=null",
)
_SOUND_BAR = ("family.likelihood_iterations=200", "train.generator.lr=2e-4", "train.discriminator.lr=1e-4")
_SOUND = "a likelihood start, then a gentle game: the discriminator is near chance because the bars are good"

RECIPES: Mapping[str, Recipe] = {
    "5": Recipe(
        title="mode collapse",
        preset="midinet-v1",
        overrides=(
            _BATCH,
            _NO_MINIBATCH,
            "family.matching.bar_weight=0",
            "family.matching.feature_weight=0",
            "train.generator.lr=1e-3",
            "train.discriminator.lr=3e-4",
        ),
        iterations=200,
        corpus="giantmidi",
        expected="mode collapse",
        because="neither minibatch discrimination nor feature matching, and three strides of the generator to a step",
        # A generator of a few bars is soon known to the discriminator, and strides until its activations explode.
        also=frozenset({"winning discriminator", "exploding gradients", "blind discriminator"}),
    ),
    "6": Recipe(
        title="partial mode collapse",
        preset="midinet-v2",
        overrides=(_BATCH, _NO_MINIBATCH, "train.generator.lr=1e-3", "train.discriminator.lr=1e-4"),
        iterations=400,
        corpus="giantmidi",
        expected="partial mode collapse",
        because="no minibatch discrimination: nothing asks for noise to matter, while the bar before keeps bars apart",
        # C_r 0.45 and C_f 0.55 are what makes this figure misleading.
        also=frozenset({"blind discriminator", "exploding gradients"}),
    ),
    "7": Recipe(
        title="non-balanced game",
        preset="midinet-v1",
        overrides=(
            _BATCH,
            "train.generator.lr=1e-5",
            "train.discriminator.lr=3e-4",
            "family.discriminator_steps=2",
            "family.generator_steps=1",
        ),
        iterations=400,
        corpus="giantmidi",
        expected="winning discriminator",
        because="the discriminator's rate is thirty times the generator's, and it moves twice as often",
        also=frozenset({"partial mode collapse", "exploding gradients"}),
    ),
    "8": Recipe(
        title="balanced game",
        preset="midinet-v1",
        overrides=(_BATCH,),
        iterations=250,
        corpus="giantmidi",
        expected="blind discriminator",
        because="figure 8's own rates: at 1e-5 the discriminator stays at its constant optimum, C_r 0.45 and C_f 0.55",
        also=frozenset({"partial mode collapse"}),
    ),
    "bar-lieder": Recipe(
        title="a small `bar`",
        preset="bar",
        overrides=(*_SMALL_BAR, *_SOUND_BAR),
        iterations=400,
        corpus="lieder",
        expected=NO_ALARM,
        because=_SOUND,
    ),
    "bar-quartets": Recipe(
        title="the same on other music",
        preset="bar",
        overrides=(*_SMALL_BAR, *_SOUND_BAR),
        iterations=400,
        corpus="quartets",
        expected=NO_ALARM,
        because=_SOUND,
    ),
    "bar-overruled": Recipe(
        title="the same under too strong a discriminator",
        preset="bar",
        overrides=(
            *_SMALL_BAR,
            "family.likelihood_iterations=100",
            "train.generator.lr=1e-5",
            "train.discriminator.lr=1e-3",
        ),
        iterations=300,
        corpus="lieder",
        expected="winning discriminator",
        because="the discriminator's rate is a hundred times that of a generator that has hardly begun",
    ),
}
"""The paper's figures by number, and games of our own, two sound and one not, that the alarms must tell apart too."""


@dataclass(frozen=True)
class Trained:
    """A finished row: the alarms that sounded at its last examination, and the log."""

    recipe: Recipe
    raised: tuple[str, ...]
    history: History

    def last(self, name: str) -> float | None:
        """A figure as it was logged last; of an examination, what the last one found."""
        records = [record for record in self.history if any(key.startswith(name.partition("/")[0]) for key in record)]
        return records[-1].get(name) if records else None


def train(
    figure: str,
    seed: int,
    out: Path | None = None,
    *,
    iterations: int | None = None,
    corpus: str | None = None,
    say: Callable[[str], object] = print,
) -> Trained:
    """Train a row from scratch and, where a folder is given, write its pictures.

    Raises
    ------
    InputError
        If the corpus cannot be had or the pictures cannot be written.
    """
    from antiphon.fit import fit_preset
    from antiphon.training.log import read_log

    recipe = RECIPES[figure]
    config = recipe.resolve(seed, iterations)
    with tempfile.TemporaryDirectory(prefix="antiphon-") as scratch, _one_thread():
        run = Path(scratch) / "run"
        fit_preset(config, corpus or recipe.corpus, run, workers=1, say=say)
        history = read_log(run)
        if out is not None:
            _keep_pictures(run, out, f"figure-{figure}-{seed}")
    examined = [record for record in history if any(name.startswith(_HEALTH) for name in record)]
    raised = tuple(name.removeprefix(_ALARM) for name in examined[-1] if name.startswith(_ALARM)) if examined else ()
    return Trained(recipe, raised, history)


def table(
    seeds: Sequence[int] = SEEDS,
    out: Path | None = None,
    *,
    iterations: int | None = None,
    corpus: str | None = None,
    show: Callable[[str], object] = print,
) -> list[tuple[str, bool]]:
    """Train every row under every seed, show a line about each, and say of each whether the alarms were right."""
    columns = ("run", "expected", "alarms at the end", "right", *_SHOWN)
    show(f"| {' | '.join(columns)} |")
    show("|---" * len(columns) + "|")
    verdicts = []
    for figure, recipe in RECIPES.items():
        for seed in seeds:
            trained = train(figure, seed, out, iterations=iterations, corpus=corpus, say=_silent)
            right = recipe.is_right(trained.raised)
            verdicts.append((figure, right))
            cells = [f"{figure}, seed {seed}", recipe.expected, ", ".join(trained.raised) or NO_ALARM]
            show(f"| {' | '.join([*cells, 'yes' if right else 'NO', *_figures(trained)])} |")
    show(f"right: {sum(right for _, right in verdicts)} of {len(verdicts)}")
    return verdicts


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
    for figure in [options.figure] if options.figure else RECIPES:
        recipe = RECIPES[figure]
        for seed in options.seed or SEEDS[:1]:
            _print(f"figure {figure}, {recipe.title}, seed {seed}. Expected: {recipe.expected}, for {recipe.because}.")
            trained = train(figure, seed, options.out, iterations=options.iterations, corpus=options.corpus, say=_print)
            heard = ", ".join(trained.raised) or NO_ALARM
            _print(f"Alarms at the end: {heard}. Curves and bars: {options.out / f'figure-{figure}-{seed}'}*.png\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train the bar GAN paper's figures 5 to 8 anew.")
    parser.add_argument("--figure", choices=RECIPES, help="one row; without it, all")
    parser.add_argument("--seed", type=int, nargs="+")
    parser.add_argument("--iterations", type=int, help="instead of the row's own length")
    parser.add_argument("--corpus", help="an embedded corpus or the folder of a prepared one")
    parser.add_argument("--out", type=Path, default=Path("out/figures"))
    parser.add_argument("--table", action="store_true", help="every row under every seed, expected beside heard")
    return parser


def _figures(trained: Trained) -> Iterator[str]:
    for name in _SHOWN.values():
        value = trained.last(name)
        yield "-" if value is None else f"{value:.3g}"


def _keep_pictures(run: Path, out: Path, name: str) -> None:
    pictures = {f"{name}.png": run / "curves.png"}
    bars = sorted((run / "previews").glob("*.png"))
    if bars:
        pictures[f"{name}-bars.png"] = bars[-1]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for target, source in pictures.items():
            shutil.copyfile(source, out / target)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}); choose another folder with --out") from None


@contextmanager
def _one_thread() -> Iterator[None]:
    """Small products gain nothing from threads, and the figures shall not depend on how many there are."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _print(sentence: str) -> None:
    print(sentence, flush=True)


def _silent(sentence: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
