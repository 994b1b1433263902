"""Fixtures of the roads tests."""

from road_towns import build

__all__ = ["build"]
