"""Survey tables as others publish them: formats, units, and maps to the names of this workflow."""
