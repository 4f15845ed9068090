"""The soak: a long run of the real command against a server that misbehaves, watched from outside."""
