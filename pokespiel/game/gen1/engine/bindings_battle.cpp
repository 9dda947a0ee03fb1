// _engine.Battle: one battle with names and log (session.hpp), for pokespiel/game/gen1/battle.py.

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "bindings_team.hpp"
#include "canonical.hpp"
#include "log.hpp"
#include "session.hpp"
#include "view.hpp"

namespace py = pybind11;

namespace gen1 {
namespace {

// A session, and how much of its log point() has returned.
struct PyBattle {
    Session session;
    std::size_t log_given = 0;
};

PyBattle make_battle(const std::vector<Member>& p1, const std::vector<Member>& p2, std::uint64_t seed, const std::array<std::string, 2>& players, int turn) {
    Setup setup;
    Names names;
    setup.turn = turn;
    for (int side = 0; side < 2; side++) {
        names.players[side] = players[side];
        const std::vector<Member>& team = side ? p2 : p1;
        for (std::size_t i = 0; i < team.size(); i++) {
            setup.teams[side].push_back(read_member(team[i]));
            if (i < kTeamSize) names.pokemon[side][i] = std::get<0>(team[i]);
        }
    }
    return {Session(setup, std::move(names), seed)};
}

py::bytes joined_choices(const Session& session, int side) {
    std::string text;
    for (const std::string& choice : session.choices(side)) text += (text.empty() ? "" : ",") + choice;
    return text;
}

py::array_t<std::int16_t> compact(const PyBattle& self, int side) {
    py::array_t<std::int16_t> out(kCompactSize);
    write_compact(self.session.knowledge(side), out.mutable_data());
    return out;
}

py::array_t<float> features(const PyBattle& self, int side) {
    py::array_t<float> out(kFeatures);
    expand(compact(self, side).data(), out.mutable_data());
    return out;
}

// Everything that is compared with Showdown at a request (differential.py). The log: the lines since the last call.
py::tuple point(PyBattle& self) {
    const Session& session = self.session;
    const std::uint64_t seed = session.battle().seed;
    char seed_bytes[8];
    for (int i = 0; i < 8; i++) seed_bytes[i] = static_cast<char>(seed >> (8 * i));
    const auto state = canonical(session.battle());
    std::string_view log = std::string_view(session.log()).substr(self.log_given);
    self.log_given += log.size();
    if (!log.empty()) log.remove_suffix(1);
    return py::make_tuple(joined_choices(session, 0), joined_choices(session, 1), py::bytes(seed_bytes, 8),
                          py::bytes(reinterpret_cast<const char*>(state.data()), state.size()), py::bytes(log.data(), log.size()),
                          py::bytes(session.request(0)), py::bytes(session.request(1)));
}

py::object winner(const PyBattle& self) {
    switch (self.session.battle().result) {
        case Result::Playing: return py::none();
        case Result::P1Wins: return py::int_(1);
        case Result::P2Wins: return py::int_(2);
        case Result::Tie: return py::int_(0);
    }
    return py::none();
}

std::size_t situation_hash(const Battle& battle) {
    const auto* bytes = reinterpret_cast<const char*>(&battle);
    constexpr std::size_t kFirst = offsetof(Battle, last_damage);
    return std::hash<std::string_view>{}({bytes + kFirst, sizeof(Battle) - kFirst});
}

py::int_ to_int(const Wide& wide) {
    const py::bytes bytes(reinterpret_cast<const char*>(wide.words.data()), sizeof wide.words);
    return py::type::of(py::int_(0)).attr("from_bytes")(bytes, "little");
}

// [([(numerator, denominator), ...] to be summed, battle), ...]
py::list all_outcomes(const PyBattle& self, std::string_view first, std::string_view second) {
    py::list found;
    for (const Distinct& distinct : self.session.outcomes(first, second)) {
        py::list shares;
        for (const Share& share : distinct.shares) shares.append(py::make_tuple(to_int(share.numerator), to_int(share.denominator)));
        found.append(py::make_tuple(shares, PyBattle{self.session.with(distinct.battle), self.log_given}));
    }
    return found;
}

// The battle after the turn, or (roll, weights, denominator) if a roll is open.
py::object follow_rolls(const PyBattle& self, std::string_view first, std::string_view second, const std::vector<std::uint32_t>& prefix) {
    PyBattle next = self;
    const Partial partial = next.session.follow(first, second, prefix);
    if (partial.complete) return py::cast(std::move(next));
    return py::make_tuple(roll_name(partial.roll), partial.weights, partial.denominator);
}

PyBattle play_script(const PyBattle& self, std::string_view first, std::string_view second, const std::vector<std::pair<std::string, std::uint32_t>>& rolls) {
    std::vector<Script::Entry> entries;
    for (const auto& [name, value] : rolls) {
        int roll = 0;
        while (roll < kRollCount && name != roll_name(static_cast<Roll>(roll))) roll++;
        if (roll == kRollCount) throw std::invalid_argument("unknown roll '" + name + "'");
        entries.push_back({static_cast<Roll>(roll), value});
    }
    PyBattle next = self;
    next.session.choose_scripted(first, second, std::move(entries));
    return next;
}

py::tuple roll_names() {
    py::tuple names(kRollCount);
    for (int roll = 0; roll < kRollCount; roll++) names[roll] = roll_name(static_cast<Roll>(roll));
    return names;
}

}  // namespace

void bind_battle(py::module_& module) {
    module.attr("ROLLS") = roll_names();
    py::class_<PyBattle>(module, "Battle")
        .def(py::init(&make_battle), py::arg("p1"), py::arg("p2"), py::arg("seed"), py::arg("names"), py::arg("turn"))
        .def("choices", [](const PyBattle& self, int side) { return self.session.choices(side); })
        .def("choose", [](PyBattle& self, std::string_view first, std::string_view second) { self.session.choose(first, second); })
        .def_property_readonly("seed", [](const PyBattle& self) { return self.session.battle().seed; })
        .def_property_readonly("turn", [](const PyBattle& self) { return self.session.battle().turn; })
        .def_property_readonly("ended", [](const PyBattle& self) { return self.session.battle().ended(); })
        .def_property_readonly("winner", &winner)
        .def_property_readonly("log", [](const PyBattle& self) { return self.session.log(); })
        .def("log_seen_by", [](const PyBattle& self, int player) { return view_of_log(self.session.log(), player); },
             "What player 0 or 1 is sent, -1: a spectator.")
        .def("request", [](const PyBattle& self, int side) { return self.session.request(side); })
        .def("state", [](const PyBattle& self) { return py::bytes(reinterpret_cast<const char*>(&self.session.battle()), sizeof(Battle)); },
             "The state as it lies in memory (state.hpp), 520 bytes.")
        .def("features", &features)
        .def("compact", &compact)
        .def("point", &point)
        .def("outcomes", &all_outcomes)
        .def("follow", &follow_rolls)
        .def("scripted", &play_script)
        .def("to_bytes", [](const PyBattle& self) { return py::bytes(self.session.to_bytes()); })
        .def_static("from_bytes", [](const py::bytes& bytes) { return PyBattle{Session::from_bytes(std::string_view(bytes))}; })
        .def("copy", [](const PyBattle& self) { return self; })
        .def("same_situation", [](const PyBattle& self, const PyBattle& other) { return same_situation(self.session.battle(), other.session.battle()); })
        .def("situation_hash", [](const PyBattle& self) { return situation_hash(self.session.battle()); });
}

}  // namespace gen1
