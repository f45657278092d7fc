"""Every number that a manuscript quotes, and the texts that quote it."""
