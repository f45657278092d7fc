"""What can go wrong in a run: files that are stale, mixed, cut short, damaged or miscounted.

Each check raises UserError at the first thing that is wrong, naming the file, the place in it and
both values. What can go wrong in the code is the tests' matter.
"""
