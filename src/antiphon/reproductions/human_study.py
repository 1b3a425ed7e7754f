"""Transformer-GAN's human study: the chances that the paper states, reckoned from its own counts.

Muhamed et al. 2021, "Symbolic music generation with Transformer-GANs", section on human evaluation. The per-system
scores stand in a figure alone, so that only what follows from the stated numbers can be made anew.
"""

from antiphon.reproductions.result import Asked, Line, Reproduction

CHI_SQUARE, STATED_CHANCE = 3.272, 0.031
WINS, LOSSES = 62, 50
_ROW = "chance of chi2 = 3.272"
_DEGREES = ("2 degrees of freedom, as stated", "3, as four systems have", "1, as two systems have")


def reproduce(asked: Asked) -> Reproduction:
    """The chance of the stated chi-square under every number of degrees that the study could mean, the chi-square that
    the stated chance needs, and the chance of the stated wins between two systems that are alike."""
    from scipy.stats import binomtest, chi2

    degrees = [
        Line(_ROW, words, STATED_CHANCE if number == 2 else None, float(chi2.sf(CHI_SQUARE, number)))
        for words, number in zip(_DEGREES, (2, 3, 1), strict=True)
    ]
    needed = float(chi2.isf(STATED_CHANCE, 2))
    wins = float(binomtest(WINS, WINS + LOSSES).pvalue)
    return Reproduction(
        lines=(
            *degrees,
            Line("chi2 that p = .031 needs", "2 degrees of freedom", CHI_SQUARE, needed),
            Line(f"{WINS} wins to {LOSSES} over Transformer-XL", "two-sided binomial", None, wins),
        ),
        made_of="the counts that the paper states",
        sentences=(
            "The stated statistic does not give the stated chance under any number of degrees of freedom.",
            "The 112 answers come from 16 people; taking them for independent makes every chance here too small.",
        ),
    )
