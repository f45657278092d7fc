"""icefire: the library behind the workflow's scripts, in rooms (docs/how_it_is_built.md)."""

__version__ = "0.1.0"
