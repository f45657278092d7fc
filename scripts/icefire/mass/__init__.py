"""What the dispersions say of the Galaxy's mass, and how far they can say it."""
