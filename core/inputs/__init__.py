"""Reading rows from files and pipes, streamed: see `source.open_source`."""
