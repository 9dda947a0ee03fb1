"""What every other room uses.

Policies, the registry, options, checkpoints, files, provenance, intervals, progress and threads.
"""
