"""Consulting hours: a small site that shows how eyeson_meetings is used."""
