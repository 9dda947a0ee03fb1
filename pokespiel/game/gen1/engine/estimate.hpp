// Expected damages, as one player can compute them: the engine's own formula with the player's own stats and the highest
// stats that the foe's Pokemon can have. Kept from decision to decision; only what changed is recomputed.
#pragma once

#include <cstdint>
#include <type_traits>

#include "knowledge.hpp"

namespace gen1 {

inline constexpr int kMostShare = 2000;  // damages are thousandths of the target's full HP, and at most this

// The effect of a move of the Pokemon on the field on the opposing one.
struct Hit {
    std::int16_t least, most;  // of a hit that is not critical
    std::int16_t expected;     // over rolls, critical hits and misses
    std::int16_t factor;       // effectiveness in percent: 0, 25, 50, 100, 200, 400
    std::int16_t chance;       // of hitting, out of 256, including stages of accuracy and evasion
    std::int16_t critical;     // chance, out of 256
};

struct Estimates {
    Hit hits[2][kMoveSlots];                      // [seat of the user][move slot of its Pokemon on the field]
    std::int16_t each[2][kTeamSize][kMoveSlots];  // expected, by each Pokemon's move slots, against the opposing Pokemon on the field
    std::int16_t takes[2][kTeamSize];             // highest expected from the known moves of the opposing Pokemon on the field
    std::uint8_t on_field[2];                     // indices that these were computed for
    // Expected damage of each Pokemon's own moves against each of the other side, both as they would enter the field.
    std::int16_t entering[2][kTeamSize][kTeamSize][kMoveSlots];  // [seat][index][index of the target][slot]
    std::uint8_t valid[2][kTeamSize];             // bit j: entering[seat][index][j] is computed
};

static_assert(std::is_trivially_copyable_v<Estimates>);

// Update `estimates` to `knowledge`, whose `changed` is cleared.
void update(Estimates& estimates, Knowledge& knowledge);

}  // namespace gen1
