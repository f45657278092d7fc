"""icefire: the library behind the workflow's scripts, in rooms. Imports go down this list only.

snake/       what the Snakefile asks for: the configuration, rules, a cluster's memory and time
verify/      what can go wrong in a run
compare/     finished runs beside each other
draw/        what figures share
calibrate/   how far to trust the error bars
mass/        what the dispersions say of the Galaxy's mass
judge/       what a featureless halo would show
synthetic/   the made-up survey
article/     captions and tables that quote the numbers
numbers/     every quoted number, and its texts
measure/     dispersions of every bin: geometries, recipes, the engine
surveys/     others' tables: formats, units, column maps
stars/       what is known of each star, and which are kept
files/       tables in and out
cli, errors  command lines, and the user's mistakes
"""

__version__ = "0.1.0"
