"""Views, queries and checks as SQL files; this file makes them findable everywhere."""
