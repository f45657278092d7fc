"""What can go wrong in a run: files that are stale, mixed, cut short, damaged or miscounted."""
