"""Template tags of the package: `{% load eyeson %}`."""
