"""Tests of eyeson_meetings. The tree mirrors the package."""
