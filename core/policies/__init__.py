"""Pure decisions: time and facts in, a verdict out."""
