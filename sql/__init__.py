"""Views, queries and checks as SQL files; this module makes the folder an importable package."""
