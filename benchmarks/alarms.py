"""How often the alarms of health are right about seeded runs, broken and healthy: the bar GAN's games."""

from antiphon.reproductions.bar_figures import table
from antiphon.reproductions.bar_games import GAMES, NO_ALARM, SEEDS
from benchmarks.table import Row


def run(quick: bool = False) -> list[Row]:
    """Runs whose alarms at the end were the expected ones and no false one, on seeds that nothing was tuned on.

    Parameters
    ----------
    quick
        One seed instead of three.
    """
    seeds = SEEDS[:1] if quick else SEEDS
    verdicts = table(seeds, show=_silent)
    note = f"seeds {', '.join(map(str, seeds))}; limits and settings were chosen on others"
    healthy = [right for figure, right in verdicts if GAMES[figure].expected == NO_ALARM]
    broken = [right for figure, right in verdicts if GAMES[figure].expected != NO_ALARM]
    figures = [right for figure, right in verdicts if figure.isdigit()]
    # Asked for are 10 of 12.
    goal = -(-10 * len(verdicts) // 12)
    return [
        _row("alarms right, all runs", [*broken, *healthy], f">= {goal}", note),
        _row("alarms right, broken runs", broken, "", note),
        _row("alarms right, healthy runs", healthy, "", note),
        _row("alarms right, the paper's figures 5 to 8", figures, "", note),
    ]


def _row(name: str, verdicts: list[bool], target: str, note: str) -> Row:
    return Row(name, sum(verdicts), f"of {len(verdicts)}", target, note)


def _silent(line: str) -> None:
    pass


if __name__ == "__main__":
    from benchmarks.table import show

    show("Alarms", run())
