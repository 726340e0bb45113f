"""The outside world: the real things that stand behind the names that assets ask for.

Nothing is imported here: the local server and the command line use parts of it without Dagster.
"""
