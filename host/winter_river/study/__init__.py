"""Studies of a site on the engine alone: every single and double loss, and how available it is over the years.

Pure: no clock, no files, no processes. Randomness comes from streams that are named by seed, world and failure.
"""
