"""How this site writes dates and times, by language."""
