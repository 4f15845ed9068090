"""fetchdeck side by side with bare scripts and with its peers, case by case."""
