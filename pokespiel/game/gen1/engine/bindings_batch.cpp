// _engine.Batch: many battles side by side, for pokespiel/game/gen1/batch.py. The caller owns all arrays.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>

#include "batch.hpp"
#include "bindings_team.hpp"

namespace py = pybind11;

namespace gen1 {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
std::span<const T> view_of(const Array<T>& array) {
    return {array.data(), static_cast<std::size_t>(array.size())};
}

// Check the shape of an array to be written into.
template <class T>
T* target(Array<T>& array, const char* name, std::initializer_list<py::ssize_t> shape) {
    std::string expected;
    bool fits = array.ndim() == static_cast<py::ssize_t>(shape.size());
    py::ssize_t axis = 0;
    for (const py::ssize_t size : shape) {
        expected += (expected.empty() ? "" : ", ") + std::to_string(size);
        fits = fits && array.shape(axis) == size;
        axis++;
    }
    if (!fits) throw std::invalid_argument(std::string(name) + ": expected an array [" + expected + "]");
    return array.mutable_data();
}

std::unique_ptr<Batch> make_batch(int size, const std::vector<std::vector<Member>>& teams, bool views, bool autoplay, int turn_limit, int threads) {
    std::vector<std::vector<PokemonSetup>> setups;
    for (const std::vector<Member>& team : teams) {
        setups.emplace_back();
        for (const Member& member : team) setups.back().push_back(read_member(member));
    }
    return std::make_unique<Batch>(size, setups, BatchOptions{views, autoplay, turn_limit, threads});
}

void write_legal(std::uint16_t legal, bool* row) {
    for (int action = 0; action < kActions; action++) row[action] = legal >> action & 1;
}

// An optional array.
std::span<const bool> mask_of(const std::optional<Array<bool>>& array) { return array ? view_of(*array) : std::span<const bool>{}; }

void step(Batch& batch, const Array<std::int64_t>& actions, const std::optional<Array<bool>>& skip) {
    const std::span<const std::int64_t> given = view_of(actions);
    const std::span<const bool> left_out = mask_of(skip);
    const py::gil_scoped_release released;
    batch.step(given, left_out);
}

void restart(Batch& batch, const Array<std::int64_t>& battles, const Array<std::int64_t>& first, const Array<std::int64_t>& second,
             const Array<std::uint64_t>& seeds) {
    const py::gil_scoped_release released;
    batch.restart(view_of(battles), view_of(first), view_of(second), view_of(seeds));
}

// legal: [2, n, 9] bool, awaits: [2, n] bool, endings: [n] uint8, turns: [n] int32.
void status(const Batch& batch, Array<bool> legal, Array<bool> awaits, Array<std::uint8_t> endings, Array<std::int32_t> turns) {
    const py::ssize_t size = batch.size();
    bool* const masks = target(legal, "legal", {2, size, kActions});
    bool* const waiting = target(awaits, "awaits", {2, size});
    std::uint8_t* const ended = target(endings, "endings", {size});
    std::int32_t* const turn = target(turns, "turns", {size});
    const py::gil_scoped_release released;
    for (int battle = 0; battle < batch.size(); battle++) {
        ended[battle] = static_cast<std::uint8_t>(batch.ending(battle));
        turn[battle] = batch.turn(battle);
        for (int player = 0; player < 2; player++) {
            waiting[player * size + battle] = batch.awaits(battle, player);
            write_legal(batch.legal(battle, player), masks + (player * size + battle) * kActions);
        }
    }
}

// The number of battles that wait for the player; they, their features and legal masks fill the first rows of the arrays.
template <class T>
int observe(Batch& batch, int player, Array<std::int32_t> battles, Array<T> features, Array<bool> legal,
            const std::optional<Array<bool>>& skip) {
    constexpr py::ssize_t kWidth = std::is_same_v<T, float> ? kFeatures : kCompactSize;
    const py::ssize_t size = batch.size();
    if (player != 0 && player != 1) throw std::invalid_argument("the player must be 0 or 1, found " + std::to_string(player));
    const bool rows_fit = features.ndim() == 2 && features.shape(0) >= size && features.shape(1) == kWidth;
    if (!rows_fit) throw std::invalid_argument("features: expected an array of at least [" + std::to_string(size) + ", " + std::to_string(kWidth) + "]");
    if (legal.ndim() != 2 || legal.shape(0) < size || legal.shape(1) != kActions)
        throw std::invalid_argument("legal: expected an array of at least [" + std::to_string(size) + ", 9]");
    if (battles.ndim() != 1 || battles.shape(0) < size)
        throw std::invalid_argument("battles: expected an array of at least [" + std::to_string(size) + "]");
    std::int32_t* const indices = battles.mutable_data();
    T* const rows = features.mutable_data();
    bool* const masks = legal.mutable_data();
    const std::span<const bool> left_out = mask_of(skip);
    const py::gil_scoped_release released;
    std::vector<std::int32_t> awaiting;
    batch.awaiting(player, awaiting, left_out);
    batch.observe(player, awaiting, rows);
    for (std::size_t i = 0; i < awaiting.size(); i++) {
        indices[i] = awaiting[i];
        write_legal(batch.legal(awaiting[i], player), masks + static_cast<py::ssize_t>(i) * kActions);
    }
    return static_cast<int>(awaiting.size());
}

void full_state(Batch& batch, int player, Array<float> out) {
    float* const rows = target(out, "out", {batch.size(), kStateSize});
    if (player != 0 && player != 1) throw std::invalid_argument("the player must be 0 or 1, found " + std::to_string(player));
    const py::gil_scoped_release released;
    batch.full_state(player, rows);
}

// out: [n, 2, 3] float: HP, status and knock-outs of each side.
void standings(const Batch& batch, Array<float> out) {
    float* const rows = target(out, "out", {batch.size(), 2, 3});
    for (int battle = 0; battle < batch.size(); battle++)
        for (int player = 0; player < 2; player++) batch.standing(battle, player, rows + (battle * 2 + player) * 3);
}

py::bytes state(const Batch& batch, int battle) {
    if (battle < 0 || battle >= batch.size()) throw std::invalid_argument("there is no battle " + std::to_string(battle));
    return py::bytes(reinterpret_cast<const char*>(&batch.battle(battle)), sizeof(Battle));
}

}  // namespace

void bind_batch(py::module_& module) {
    py::class_<Batch>(module, "Batch")
        .def(py::init(&make_batch), py::arg("size"), py::arg("teams"), py::kw_only(), py::arg("views"), py::arg("autoplay"),
             py::arg("turn_limit"), py::arg("threads"))
        .def("restart", &restart)
        .def("step", &step, py::arg("actions").noconvert(), py::arg("skip") = py::none())
        .def("status", &status, py::arg("legal").noconvert(), py::arg("awaits").noconvert(), py::arg("endings").noconvert(), py::arg("turns").noconvert())
        .def("observe", &observe<float>, py::arg("player"), py::arg("battles").noconvert(), py::arg("features").noconvert(),
             py::arg("legal").noconvert(), py::arg("skip") = py::none())
        .def("observe", &observe<std::int16_t>, py::arg("player"), py::arg("battles").noconvert(), py::arg("features").noconvert(),
             py::arg("legal").noconvert(), py::arg("skip") = py::none())
        .def("full_state", &full_state, py::arg("player"), py::arg("out").noconvert())
        .def("standings", &standings, py::arg("out").noconvert())
        .def("state", &state);
}

}  // namespace gen1
