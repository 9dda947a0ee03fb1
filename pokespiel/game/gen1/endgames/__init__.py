"""Exact endgames: the last Pokémon of both sides, solved as a zero-sum stochastic game with simultaneous moves.

    solve_endgame("Tauros @ 353 vs Tauros @ 258").value        0.8714...

`positions.py` reads a position, `solver.py` solves it (`engine/endgame.cpp` does the work, `solution.py` says what a
solution is), `writing.py` prints the answer, `library.py` holds positions of every kind with their values and the
claims that players make about them.
"""
