"""Choosing what to fetch, before there is a run: everything of it that needs no screen."""
