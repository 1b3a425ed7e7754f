"""The section on originality: the longest passages that samples share with other real songs, against human pieces."""

from dataclasses import replace
from math import isnan

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.sets.diversity import share
from antiphon.evaluation.sets.matches import METRICS, MIN_HUMAN, RARE, Originality
from antiphon.evaluation.sets.originality import Index, contained, originality
from antiphon.evaluation.sets.passages import reading_of
from antiphon.evaluation.suite.comparing import number, too_few
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.protocols import notes_reader
from antiphon.evaluation.suite.sections.variety import MARGIN, more_copies
from antiphon.evaluation.suite.songs import Songs


def originality_section(sides: Sides) -> Section | None:
    """What samples share with the songs that may have taught them; None without such songs."""
    reference = sides.reference
    if reference is None or not len(reference.other):
        return None
    sides.say(f"originality: {len(sides.made)} samples against {len(reference.other)} songs")
    others, ids = _notes(reference.other, sides)
    samples, _ = _notes(sides.made, sides)
    human, _ = _notes(reference.real, sides)
    if not others or not samples:
        return None
    reading = reading_of(others)
    index = Index.build(others, ids, reading)
    made, real = originality(samples, index, human), originality(human, index, human)
    ours, theirs = made.columns(), real.columns()
    rows = [
        Row(
            metric.name,
            metric.sentence,
            metric.source,
            metric.unit,
            number(ours[metric.name], sides.plan.seed),
            number(theirs[metric.name], sides.plan.seed),
            verdict=_verdict(metric.name, made, real),
        )
        for metric in METRICS
    ]
    held = contained(samples, Index.build(human, [str(k) for k in range(len(human))], reading))
    among = {"that they are held against": held, "that may have taught them": made.contained}
    return Section(
        "Originality",
        f"A passage counts as the same in any key and tempo. {made.words()} Real: held-out human pieces as they are, "
        "of their own length. "
        f"As many as in real music is said where the whole 95 % interval stays within {100 * MARGIN:g} percentage "
        "points of it: of copies against those among real songs, of rare passages against the 5 % of chance.",
        tuple(rows),
        tuple(_loud(int(copies.sum()), len(samples), where) for where, copies in among.items() if copies.any()),
    )


def _loud(copies: int, num: int, where: str) -> str:
    return (
        f"THE REFERENCE CONTAINS SAMPLES: {copies} of {num} stand, from beginning to end or for the greater part and "
        f"in any key, in the real songs {where}; what is said of their likeness and originality says nothing."
    )


def _verdict(name: str, made: Originality, real: Originality) -> str:
    if name == "contained_share":
        return _copies(made, real)
    return _rare(made) if name == "human_pieces_sharing_as_much" else ""


def _copies(made: Originality, real: Originality) -> str:
    ours, theirs = (share(int(one.contained.sum()), len(one.contained)) for one in (made, real))
    if isnan(theirs.value):
        return "no floor to compare with"
    return f"{more_copies(ours, theirs)}: {made.contained.sum()} of {len(made.contained)}"


def _rare(made: Originality) -> str:
    known = sum(not isnan(one) for one in made.human_share)
    if made.num_fair < MIN_HUMAN:
        return f"too few human pieces to tell (needs {MIN_HUMAN})"
    if few := too_few(known):
        return few
    told = f"{made.rare_share:.0%} of samples share more than 95 % of human pieces do, {RARE:.0%} would by chance"
    if made.surplus.low > 0:
        return f"more than in real music: {told}"
    return f"no more than in real music: {told}" if made.surplus.high <= MARGIN else f"no difference is sure: {told}"


def _notes(songs: Songs, sides: Sides) -> tuple[tuple[Notes, ...], tuple[str, ...]]:
    # Whole pieces: a copied passage may stand anywhere, and the floor is of pieces of equal length already.
    whole = replace(sides.setting, tokens=None, seconds=None, prime_tokens=None)
    found = gather(songs, notes_reader(sides.plan.protocol, whole), "read notes", sides.plan.workers)
    return found.found, tuple(songs.ids[index] for index in found.songs)
