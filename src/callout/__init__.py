"""callout: an open emergency control room."""

__version__ = "0.1.0"
