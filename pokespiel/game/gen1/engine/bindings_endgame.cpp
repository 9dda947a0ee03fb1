// _engine.Endgame: a solved ending.
#include <cstring>
#include <stdexcept>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "endgame.hpp"
#include "validate.hpp"

namespace py = pybind11;

namespace gen1 {
namespace {

// (p1's choices, p2's choices, matrix [rows, columns]); None for a battle that is not part of the ending.
py::object endgame_at(const Endgame& self, const py::bytes& state) {
    const Battle battle = read_state(state);
    const int hp[2] = {battle.sides[0].pokemon().hp, battle.sides[1].pokemon().hp};
    const int situation = self.graph().find(battle);
    if (situation < 0 || !self.solved(situation, hp)) return py::none();
    const Situation& here = self.graph().situations()[situation];
    const MatrixGame game = self.game(situation, hp);
    py::array_t<double> matrix({game.rows, game.columns});
    std::copy(game.payoffs, game.payoffs + game.rows * game.columns, matrix.mutable_data());
    const auto choices = [&](int side) {
        return std::vector<int>(here.choices[side], here.choices[side] + here.counts[side]);
    };
    return py::make_tuple(choices(0), choices(1), matrix);
}

std::unique_ptr<Endgame> make_endgame(const py::bytes& state, bool exact_pp, bool by_hp, bool every_hp, std::uint64_t most_situations, std::uint64_t most_bytes, double tolerance, double most_seconds, double start_value, bool merge) {
    const Battle battle = read_state(state);
    const py::gil_scoped_release release;
    EndgameOptions graph;
    graph.exact_pp = exact_pp;
    graph.by_hp = by_hp;
    graph.most_situations = most_situations;
    graph.most_bytes = most_bytes / 2;
    graph.merge = merge;
    SolveOptions options;
    options.every_hp = every_hp;
    options.most_bytes = most_bytes;
    options.tolerance = tolerance;
    options.from = start_value;
    if (most_seconds < 1e6) options.deadline = std::clock() + static_cast<std::clock_t>(most_seconds * CLOCKS_PER_SEC);
    if (start_value == 0.5) graph.deadline = options.deadline;  // bounds may end early, the graph may not
    return std::make_unique<Endgame>(battle, graph, options);
}

// The number of states in the start's situation without a pure equilibrium, and of all.
py::tuple count_mixed(const Endgame& self) {
    std::uint64_t mixed = 0, all = 0;
    for (int first = 1; first <= self.hp(0); ++first)
        for (int second = 1; second <= self.hp(1); ++second) {
            const int hp[2] = {first, second};
            if (!self.solved(0, hp)) continue;
            all++;
            mixed += solve_matrix(self.game(0, hp)).mixed;
        }
    return py::make_tuple(mixed, all);
}

py::tuple solve_table(const py::array_t<double, py::array::c_style | py::array::forcecast>& payoffs) {
    if (payoffs.ndim() != 2 || payoffs.shape(0) < 1 || payoffs.shape(1) < 1 || payoffs.shape(0) > kMaxChoices || payoffs.shape(1) > kMaxChoices)
        throw std::invalid_argument("expected a matrix of 1 to 9 rows and columns");
    MatrixGame game;
    game.rows = static_cast<int>(payoffs.shape(0));
    game.columns = static_cast<int>(payoffs.shape(1));
    std::copy(payoffs.data(), payoffs.data() + payoffs.size(), game.payoffs);
    const MatrixSolution found = solve_matrix(game);
    return py::make_tuple(found.value, std::vector<double>(found.row, found.row + game.rows), std::vector<double>(found.column, found.column + game.columns));
}

}  // namespace

void bind_endgame(py::module_& module) {
    module.def("solve_matrix", &solve_table, "(value, row's mixture, column's mixture) of a zero-sum matrix game of up to 9 x 9.");
    py::class_<Endgame>(module, "Endgame")
        .def(py::init(&make_endgame), py::arg("state"), py::arg("exact_pp"), py::arg("by_hp"), py::arg("every_hp"), py::arg("most_situations"), py::arg("most_bytes"), py::arg("tolerance"), py::arg("most_seconds"), py::arg("start_value"), py::arg("merge"))
        .def("at", &endgame_at)
        .def("count_mixed", &count_mixed)
        .def_property_readonly("situations", [](const Endgame& self) { return self.graph().situations().size(); })
        .def_property_readonly("by_hp", [](const Endgame& self) { return self.graph().by_hp(); })
        .def_property_readonly("states", &Endgame::states)
        .def_property_readonly("parts", &Endgame::parts)
        .def_property_readonly("sweeps", &Endgame::sweeps)
        .def_property_readonly("residual", &Endgame::residual);
}

}  // namespace gen1
