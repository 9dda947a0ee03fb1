// _engine.view_blocks, expand, hidden_names, Tracker: for pokespiel/game/gen1/view.py and tracker.py.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "batch.hpp"
#include "protocol.hpp"
#include "view.hpp"

namespace py = pybind11;

namespace gen1 {
namespace {

py::dict table_dict(const Table& table) {
    py::list columns;
    for (const Table::Column& column : table.columns) columns.append(py::make_tuple(column.name, column.meaning));
    const auto width = static_cast<py::ssize_t>(table.columns.size());
    py::array_t<float> values({static_cast<py::ssize_t>(table.values.size()) / width, width});
    std::copy(table.values.begin(), table.values.end(), values.mutable_data());
    py::dict result;
    result["number"] = table.number;
    result["columns"] = columns;
    result["values"] = values;
    return result;
}

py::dict block_dict(const Block& block) {
    py::list numbers, tables;
    for (const Number& number : block.numbers)
        numbers.append(py::make_tuple(number.name, number.scale, number.codes, number.meaning));
    for (const Table& table : block.tables) tables.append(table_dict(table));
    py::dict result;
    result["name"] = block.name;
    result["encoder"] = block.encoder;
    result["owner"] = block.owner ? py::object(py::str(block.owner)) : py::none();
    result["meaning"] = block.meaning;
    result["rows"] = block.rows;
    result["numbers"] = numbers;
    result["keys"] = block.keys;
    result["tables"] = tables;
    result["start"] = block.start;
    result["compact_start"] = block.compact_start;
    result["width"] = block.width;
    return result;
}

py::list blocks() {
    py::list result;
    for (const Block& block : view_blocks()) result.append(block_dict(block));
    return result;
}

template <class T>
using Rows = py::array_t<T, py::array::c_style>;

void expand_rows(const Rows<std::int16_t>& compact, Rows<float> out) {
    if (compact.ndim() != 2 || compact.shape(1) != kCompactSize || out.ndim() != 2 || out.shape(1) != kFeatures ||
        out.shape(0) != compact.shape(0))
        throw std::invalid_argument("expected compact rows [b, " + std::to_string(kCompactSize) + "] and features [b, " +
                                    std::to_string(kFeatures) + "]");
    const std::int16_t* in = compact.data();
    float* to = out.mutable_data();
    const py::gil_scoped_release released;
    for (py::ssize_t i = 0; i < compact.shape(0); i++) expand(in + i * kCompactSize, to + i * kFeatures);
}

template <class T>
py::array_t<T> tracker_features(Tracker& tracker, int size) {
    py::array_t<T> out(size);
    tracker.features(out.mutable_data());
    return out;
}

py::array_t<bool> tracker_legal(const Tracker& tracker) {
    py::array_t<bool> out(kActions);
    const std::uint16_t legal = tracker.ready() ? legal_actions(tracker.knowledge()) : std::uint16_t{0};
    for (int action = 0; action < kActions; action++) out.mutable_at(action) = legal >> action & 1;
    return out;
}

}  // namespace

void bind_view(py::module_& module) {
    module.attr("NUM_ACTIONS") = kActions;
    module.attr("NUM_FEATURES") = kFeatures;
    module.attr("COMPACT_SIZE") = kCompactSize;
    module.attr("STATE_SIZE") = kStateSize;
    module.def("view_blocks", &blocks);
    module.def("hidden_names", &hidden_names);
    module.def("expand", &expand_rows, py::arg("compact").noconvert(), py::arg("out").noconvert());
    py::class_<Tracker>(module, "Tracker")
        .def(py::init([](int player, int order) { return Tracker(player, static_cast<Tracker::Order>(order)); }))
        .def("line", &Tracker::line)
        .def("request", &Tracker::request)
        .def("start_with_pp", &Tracker::start_with_pp)
        .def_property_readonly("ready", &Tracker::ready)
        .def_property_readonly("player", &Tracker::player)
        .def_property_readonly("order", [](const Tracker& tracker) { return static_cast<int>(tracker.order()); })
        .def_property_readonly("turn", [](const Tracker& tracker) { return tracker.knowledge().turn; })
        .def_property_readonly("result", [](const Tracker& tracker) { return tracker.knowledge().result; })
        .def_property_readonly("asked", [](const Tracker& tracker) { return static_cast<int>(tracker.knowledge().ask.request); })
        .def("legal", &tracker_legal)
        .def("features", [](Tracker& tracker) { return tracker_features<float>(tracker, kFeatures); })
        .def("compact", [](Tracker& tracker) { return tracker_features<std::int16_t>(tracker, kCompactSize); });
}

}  // namespace gen1
