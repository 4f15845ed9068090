"""The screens before there is a run: what to fetch, and how its requests are made."""
