// The features of a decision: what a player knows, as one row of numbers with a name for every column.
//
// The row is built in two steps. `write_compact` gives whole numbers (int16): ids, counts, flags and quantised values.
// `expand` turns them into float32 by the layout: each number times its column's scale, then, for the keys of a row, the
// rows of fixed tables that they select (types, statuses, properties of a move). A compact row thus holds everything in
// less than a quarter of the space.
//
//     compact row:  | block 0: row 0, row 1, ... | block 1: ... |     a row: the block's numbers, keys last
//     float row:    | block 0: row 0, row 1, ... | block 1: ... |     a row: the numbers but the keys, scaled; table rows
//
// columns.hpp lists the numbers, layout.cpp the blocks and tables; VIEW.md describes all of it in words.
#pragma once

#include <cstdint>
#include <vector>

#include "columns.hpp"
#include "estimate.hpp"
#include "knowledge.hpp"

namespace gen1 {

inline constexpr int kCompactSize = columns::kCompactSize;
inline constexpr int kFeatures = columns::kFloatSize;

// A number of a compact row; codes: how many values an id has, 0 for a quantity.
struct Number {
    const char* name;
    double scale;
    int codes;
    const char* meaning;
};

// A fixed table; a number of the compact row selects one of its rows.
struct Table {
    struct Column {
        const char* name;
        const char* meaning;
    };
    int number;                   // which number of the compact row
    std::vector<Column> columns;
    std::vector<float> values;    // [codes, columns]
};

struct Block {
    const char* name;
    const char* encoder;  // blocks of the same encoder have the same columns
    const char* owner;    // the block whose rows own these, in equal shares; nullptr: none
    const char* meaning;
    int rows;
    std::vector<Number> numbers;
    int keys;             // number of keys, which come last
    std::vector<Table> tables;
    int start, compact_start;
    int width;            // float columns of a row

    int quantities() const { return static_cast<int>(numbers.size()) - keys; }
};

// The blocks in the order of the row.
const std::vector<Block>& view_blocks();

// A row of kCompactSize numbers. `estimates` must be up to date.
void write_compact(const Knowledge& knowledge, const Estimates& estimates, std::int16_t* out);

// The same with all estimates recomputed: slower, for single battles.
void write_compact(const Knowledge& knowledge, std::int16_t* out);

// A compact row as kFeatures floats.
void expand(const std::int16_t* compact, float* out);

}  // namespace gen1
