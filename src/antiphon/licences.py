"""What licence weights have that were learnt from music under another."""


def model_licence(corpus: str, *origins: str | None) -> str:
    """The licence of weights, given that of the corpus and of the models that they began as: theirs, all if they
    differ; works in the public domain leave the choice to this package."""
    parts = [_OWN if licence.strip().lower() in _FREE else licence for licence in (corpus, *origins) if licence]
    bound = [licence for licence in dict.fromkeys(parts) if licence != _OWN]
    return " and ".join(bound) if bound else _OWN


_OWN = "MIT"
# Whole names: "MIT (the collection; the songs in it are under copyright)" frees nobody.
_FREE = {
    "cc0",
    "cc0 1.0",
    "cc0-1.0",
    "cc0 1.0 universal",
    "public domain",
    "public domain (authors long dead; the collection under mit)",
    "pd",
    "mit",
    "mit license",
    "mit licence",
}
