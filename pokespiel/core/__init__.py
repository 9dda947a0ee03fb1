"""Used by all other subpackages.

Policies, the registry, options, checkpoints, files, provenance, intervals, progress, threads, executors and readers of
payoff tables.
"""
