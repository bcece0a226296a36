"""Sphinx settings of the documentation."""

project = "eyeson_meetings"
author = "The eyeson_meetings authors"
project_copyright = author

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Settings and messages are to be read, and copied, as they are.
smartquotes = False

html_theme = "furo"
html_title = "eyeson_meetings"
html_static_path = ["_static"]
html_css_files = ["site.css"]
exclude_patterns = ["_build"]
# The included README links to files that are pages here, and to some that are not.
suppress_warnings = ["myst.xref_missing", "myst.header"]
