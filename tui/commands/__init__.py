"""What a user can do: each command is declared once, in `catalogue`."""
