"""Commands for those who work on eyeson_meetings. Run from the top folder."""
