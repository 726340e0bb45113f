"""Priorities of the steps that follow every table: the executor takes the highest that is ready."""

AFTER_TABLES, LAST_OF_ALL = "-8", "-9"
