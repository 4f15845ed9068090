"""A whole run against an embedded server."""
