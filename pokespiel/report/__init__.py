"""Reports: one HTML page of a run, a tournament, or of what is played in Gen 1 OU."""
