"""What the paper states, and what a halo without asymmetry would give."""
