"""What of a request is secret, and keeping it out of everything that is stored, logged or shown."""
