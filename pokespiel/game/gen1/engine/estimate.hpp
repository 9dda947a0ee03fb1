// Expected damages, as one player can work them out: the engine's own formula with the own stats, and with the highest
// stats that the foe's Pokemon can have. Kept from decision to decision; only what changed is worked out again.
#pragma once

#include <cstdint>
#include <type_traits>

#include "knowledge.hpp"

namespace gen1 {

inline constexpr int kMostShare = 2000;  // damages are thousandths of the target's full HP, and at most this

// What a move of the one on the field does to the foe's on the field.
struct Hit {
    std::int16_t least, most;  // without a critical hit, where it hits
    std::int16_t expected;     // over rolls, critical hits and misses
    std::int16_t factor;       // effectiveness in percent: 0, 25, 50, 100, 200, 400
    std::int16_t chance;       // of hitting, out of 256, stages of accuracy and evasion included
    std::int16_t critical;     // chance, out of 256
};

struct Estimates {
    Hit hits[2][kMoveSlots];                      // [seat of the user][move slot of the one on the field]
    std::int16_t each[2][kTeamSize][kMoveSlots];  // expected, by each Pokemon's move slots, on the foe's on the field
    std::int16_t takes[2][kTeamSize];             // most expected from the known moves of the foe's on the field
    std::uint8_t on_field[2];                     // indices that this was worked out for
    // Expected damage of each Pokemon's own moves on each of the other side, both as they would enter the field.
    std::int16_t entering[2][kTeamSize][kTeamSize][kMoveSlots];  // [seat][index][index of the target][slot]
    std::uint8_t valid[2][kTeamSize];             // bit j: entering[seat][index][j] is worked out
};

static_assert(std::is_trivially_copyable_v<Estimates>);

// Brings `estimates` up to date with `knowledge`, whose `changed` is cleared.
void update(Estimates& estimates, Knowledge& knowledge);

}  // namespace gen1
