"""Sites with several databases, each set up as the documentation of Django says."""
