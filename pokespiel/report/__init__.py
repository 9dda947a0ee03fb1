"""Reports: one HTML page about a run, a tournament, or Gen 1 play."""
