"""Looking at a run that this process does not work on: everything comes from its journal, nothing is changed."""
