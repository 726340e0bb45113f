"""The review tool: people judge images blind, then check the drafts that models made.

Everything a person says is an event in an append-only log (`event_log.py`). The server keeps the
secrets: no reply holds what a machine said before the person's own judgement is stored.
"""
