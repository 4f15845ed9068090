"""From a request to an outcome over HTTP: connections, redirects, decoding, bodies."""
