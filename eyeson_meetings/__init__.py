"""eyeson video meetings for Django sites. Import from the modules; this file holds the version."""

__version__ = "0.1.0"
