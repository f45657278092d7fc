"""Dispersions and anisotropy of every bin: geometries, recipes, the engine, shards."""
