"""What the inspector shows, as documents of lines, and the widgets that show them."""
