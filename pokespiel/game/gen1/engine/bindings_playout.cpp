// _engine.play_out: random playouts from a state.
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <pybind11/pybind11.h>

#include "playout.hpp"
#include "validate.hpp"

namespace py = pybind11;

namespace gen1 {
namespace {

Battle read_state(const py::bytes& state) {
    const std::string_view bytes(state);
    if (bytes.size() != sizeof(Battle))
        throw std::invalid_argument("a state has " + std::to_string(sizeof(Battle)) + " bytes, found " + std::to_string(bytes.size()));
    Battle battle;
    std::memcpy(static_cast<void*>(&battle), bytes.data(), sizeof battle);
    if (const std::string reason = impossibility(battle); !reason.empty()) throw std::invalid_argument("impossible state: " + reason);
    return battle;
}

py::tuple play_out_state(const py::bytes& state, std::uint64_t count, std::uint64_t seed) {
    const Battle battle = read_state(state);
    Playouts played{};
    {
        const py::gil_scoped_release release;
        played = play_out(battle, count, seed);
    }
    return py::make_tuple(played.results[1], played.results[2], played.results[3], played.turns, played.requests);
}

py::dict sample_state(const py::bytes& state, Choice first, Choice second, std::uint64_t count, std::uint64_t seed) {
    const Battle battle = read_state(state);
    if (battle.ended() || !is_legal(battle, 0, first) || !is_legal(battle, 1, second)) throw std::invalid_argument("an illegal choice");
    std::vector<Sampled> sampled;
    {
        const py::gil_scoped_release release;
        sampled = sample_turn(battle, first, second, count, seed);
    }
    py::dict counts;
    for (const Sampled& one : sampled)
        counts[py::bytes(reinterpret_cast<const char*>(&one.battle), sizeof(Battle))] = one.count;
    return counts;
}

}  // namespace

void bind_playout(py::module_& module) {
    module.def("play_out", &play_out_state, py::arg("state"), py::arg("count"), py::arg("seed"),
               "Play a state (Battle.state()) to its end `count` times with uniformly random choices and generators drawn\n"
               "from `seed`; returns (p1's wins, p2's wins, ties, turns, requests).");
    module.def("sample_turn", &sample_state, py::arg("state"), py::arg("first"), py::arg("second"), py::arg("count"), py::arg("seed"),
               "Play one turn from a state `count` times with generators drawn from `seed`; choices as numbers (0 wait, 1-4\n"
               "moves, 5-9 switches to party positions 2-6). Returns how often each state came, all with the given generator.");
}

}  // namespace gen1
