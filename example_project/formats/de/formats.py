"""German has 24 hours of itself; the time is easier to find behind a comma."""

DATETIME_FORMAT = "j. F Y, H:i"
