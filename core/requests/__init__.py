"""How a row becomes a request: the templates and their rendering."""
