"""What an evaluation is asked to do."""

import math
from dataclasses import dataclass

from antiphon.errors import InputError
from antiphon.evaluation.suite.parts import PROTOCOLS

MOST_SEEDS = 2**31
"""The boosted examiners take no larger ones."""


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Parameters
    ----------
    protocol
        A key of `antiphon.evaluation.suite.parts.PROTOCOLS`.
    seed
        Of bootstraps, permutations, shuffles, divisions and examiners.
    tokens, seconds
        The stated length of performances, which shorter songs are left out of; 0 tokens: whole pieces; neither:
        `antiphon.evaluation.suite.stated.STATED_TOKENS`, or less.
    prime_tokens
        Tokens at the beginning of every sample that its model was given; None or 0: none.
    as_published
        Also what the released codes print.
    examine
        Whether examiners are trained, which takes minutes.
    workers
        Processes; None: one a core where there is enough to do.
    """

    protocol: str = "all"
    seed: int = 0
    tokens: int | None = None
    seconds: float | None = None
    prime_tokens: int | None = None
    as_published: bool = False
    examine: bool = True
    workers: int | None = None


def check_plan(plan: Plan) -> None:
    """Refuse a plan that cannot be carried out, before anything is read.

    Raises
    ------
    InputError
        Naming what is wrong with it.
    """
    if plan.protocol not in PROTOCOLS:
        raise InputError(f"protocol {plan.protocol!r}: choose one of {', '.join(PROTOCOLS)}")
    if not 0 <= plan.seed < MOST_SEEDS:
        raise InputError(f"seed {plan.seed}: choose a whole number from 0 to {MOST_SEEDS - 1}")
    if plan.workers is not None and plan.workers < 1:
        raise InputError(f"workers {plan.workers}: choose 1 or more processes, or leave it away")
    if plan.tokens is not None and plan.seconds is not None:
        raise InputError("tokens and seconds: state one length, in tokens or in seconds")
    if (plan.tokens or 0) < 0:
        raise InputError(f"tokens {plan.tokens}: state a length above 0, or 0 for whole pieces")
    if (plan.prime_tokens or 0) < 0:
        raise InputError(f"prime_tokens {plan.prime_tokens}: give the length of the prime, or 0 for none")
    if plan.prime_tokens and "performance" not in PROTOCOLS[plan.protocol]:
        raise InputError(
            f"prime_tokens {plan.prime_tokens}: the protocol {plan.protocol!r} measures no performances, which alone "
            "have primes; choose transformer-gan or all"
        )
    if plan.seconds is not None and not 0 < plan.seconds < math.inf:
        raise InputError(f"seconds {plan.seconds:g}: state a length above 0, or --tokens 0 for whole pieces")
