"""The commands, one a file: a frozen dataclass of options whose call does the work and gives the exit status.

Modules that are slow to import are imported by the call.
"""
