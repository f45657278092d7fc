"""What the Snakefile asks for when it is read."""
