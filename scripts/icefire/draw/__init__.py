"""What figures share: the page, the sky, profiles, published values."""
