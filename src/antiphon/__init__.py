"""antiphon: symbolic music generation with generative adversarial networks."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from antiphon.accompanying import accompany_song
    from antiphon.continuing import continue_song
    from antiphon.generate import load

__version__ = "0.1.0"
__all__ = ["__version__", "accompany_song", "continue_song", "load"]


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, and `import antiphon` is also how people reach the parts that need none of it.
    if name == "load":
        from antiphon.generate import load

        return load
    if name == "accompany_song":
        from antiphon.accompanying import accompany_song

        return accompany_song
    if name == "continue_song":
        from antiphon.continuing import continue_song

        return continue_song
    raise AttributeError(f"module 'antiphon' has no attribute {name!r}")
