"""What `pokespiel endgame` and `pokespiel probe` use of this folder."""

from pokespiel.game.endgames import EndgameTools
from pokespiel.game.gen1.endgames.library import library_probes, read_positions
from pokespiel.game.gen1.endgames.solver import solve_endgame
from pokespiel.game.gen1.endgames.writing import described

TOOLS = EndgameTools(read_positions, solve_endgame, described, library_probes)
