"""A stand-in for the eyeson service, to try, build and test against without an account.

It shares no code with the rest of the package: the two must not agree on one mistake. What it
leaves out is listed in README.md beside this file.
"""
