"""The whole of `antiphon evaluate`: samples from anywhere, or of a model, to a report as text, JSON and a page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from antiphon.errors import InputError
from antiphon.evaluation.gather import gather
from antiphon.evaluation.parts import PROTOCOLS, melody_rows
from antiphon.evaluation.report import Report
from antiphon.evaluation.sides import open_reference
from antiphon.evaluation.songs import Songs, in_memory, open_songs
from antiphon.evaluation.suite import Plan, evaluate
from antiphon.files import write_text

if TYPE_CHECKING:
    from antiphon.generate import Model

_FAMILY_PROTOCOLS = {"bar": "bar", "midinet": "bar"}


def evaluate_samples(
    samples: str,
    *,
    reference: str | None = None,
    protocol: str | None = None,
    plan: Plan,
    num: int = 64,
    bars: int = 32,
    say: Callable[[str], object],
) -> Report:
    """Evaluate a folder, a corpus, an array of rolls, or songs that a model writes for it.

    Parameters
    ----------
    samples
        As for `open_songs`, or a model: the name of a shipped one or a .safetensors file.
    reference
        As for `open_reference`; None: for a model the corpus that it was trained on, if it is embedded.
    protocol
        None: that of the model's family, "musegan" for rolls, else "all".
    plan
        Everything else.
    num, bars
        How many songs a model writes, and how long.
    say
        Takes sentences about what is being done.

    Raises
    ------
    InputError
        As `evaluate`, `open_songs` and `antiphon.generate.load`.
    """
    if protocol is not None and protocol not in PROTOCOLS:
        raise InputError(f"protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
    if is_model(samples):
        return _of_model(samples, reference, replace(plan, protocol=protocol or ""), (num, bars), say)
    made = open_songs(samples)
    chosen = protocol or ("musegan" if made.kind == "rolls" else "all")
    held_against = open_reference(reference, plan.seed) if reference else None
    return evaluate(made, held_against, replace(plan, protocol=chosen), say=say)


def is_model(samples: str) -> bool:
    """Whether the samples are to be made by a model first."""
    from antiphon.model_files import names

    return samples in names() or samples.endswith(".safetensors")


def write_report(report: Report, out: Path | None, json_file: Path | None) -> list[Path]:
    """Write the page (`out`, or `out/report.html` where it is a folder, with the JSON beside it) and the JSON.

    Every file is there whole or not at all.
    """
    from antiphon.evaluation.page import page

    written = []
    if out is not None:
        path = out if out.suffix.lower() in (".html", ".htm") else out / "report.html"
        write_text(path, page(report))
        write_text(path.with_suffix(".json"), report.json_text())
        written += [path, path.with_suffix(".json")]
    if json_file is not None:
        write_text(json_file, report.json_text())
        written.append(json_file)
    return written


def _of_model(
    name: str, reference: str | None, plan: Plan, size: tuple[int, int], say: Callable[[str], object]
) -> Report:
    from antiphon.data import container
    from antiphon.generate import load

    model = load(name)
    family = str(model.config.family.kind)
    corpus = str(model.card.get("corpus", {}).get("name", ""))
    place = reference or (corpus if container.named(corpus) else None)
    held_against = open_reference(place, plan.seed) if place else None
    num, bars = size
    say(f"{name}: writing {num} songs of {bars} bars")
    made = in_memory(name, model.generate(bars, num=num, seed=plan.seed), "model")
    conditioned = None
    if held_against is not None and family == "bar":
        sets = (held_against.real, held_against.other)
        conditioned = (conditioned_bars(model, sets[0], plan.seed), conditioned_bars(model, sets[1], plan.seed + 1))
    chosen = replace(plan, protocol=plan.protocol or _FAMILY_PROTOCOLS.get(family, "all"))
    return evaluate(made, held_against, chosen, conditioned=conditioned, say=say)


def conditioned_bars(model: "Model", real: Songs, seed: int) -> Songs:
    """One bar of the model for each bar of the real songs' melodies, under that bar's conditions."""
    import torch

    found = gather(real, melody_rows, "read conditions")
    if not found.found:
        raise InputError(f"{real.name}: none of its songs has melody bars to make others under their conditions")
    counts = [len(rows["real"]) for rows in found.found]
    condition = {
        name: torch.from_numpy(np.concatenate([rows[name] for rows in found.found])) for name in ("previous", "chord")
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        bars = model.objective.sample(sum(counts), condition).numpy()
    pieces = np.split(np.asarray(bars, np.uint8), np.cumsum(counts)[:-1])
    entries = tuple({**rows, "real": piece} for rows, piece in zip(found.found, pieces, strict=True))
    kept = real.only(found.songs)
    return Songs(
        f"{model.name} under the conditions of {real.name}", "bars", kept.ids, kept.groups, kept.splits, entries
    )
