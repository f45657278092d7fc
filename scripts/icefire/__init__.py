"""icefire: the library behind the workflow's scripts.

One idea per module, imports in one direction only (each may import those before it):
errors, tables, cli, surveys, kinematics, dynamics, satellites, selection, geometry, realisations,
dispersion, claims, style, skymap, profiles, literature.
"""

__version__ = "0.1.0"
