"""What every other room uses.

Policies, the registry, options, checkpoints, files, provenance, intervals, progress, threads and readers of tables.
"""
