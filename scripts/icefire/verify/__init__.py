"""What can go wrong in a run, looked for in its files."""
