"""Reading rows from files and pipes, streamed."""
