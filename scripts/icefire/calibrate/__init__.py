"""How far to trust the error bars: every method on halos of known truth."""
