"""Tournaments: every pair plays, in a folder that later calls extend (`folder.py`), and the results (`results.py`)."""
