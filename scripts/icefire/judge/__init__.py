"""What a featureless halo would give: permutation tests among stars that a null calls alike."""
