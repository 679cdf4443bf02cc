"""Studies of a site on the engine alone: every single and double loss, and how available it is over the years.

The ways in are `contingency.runner` and `availability.runner`: each makes what runs a chunk of the work, so that a
caller may spread it. Pure: no clock, no files, no processes. Randomness comes from streams named by seed, world and
failure.
"""
