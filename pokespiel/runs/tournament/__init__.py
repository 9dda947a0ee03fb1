"""Tournaments: everyone against everyone in a folder that grows (`folder.py`), and what came of it (`results.py`)."""
