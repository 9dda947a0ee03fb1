// Steps that knowledge.cpp and learn.cpp share.
#pragma once

#include <algorithm>

#include "knowledge.hpp"

namespace gen1 {

// The first Pokemon of the order is on the field now, and nothing of the previous one remains.
void enter_field(KnownSide& side);

// Before every event: settle what only the very next event could have changed.
inline void start_event(Knowledge& knowledge) { knowledge.boosted = 0; }

// A status's drop of a stat: a part of its current value, at least 1.
inline void scale_stat(KnownActive& active, Stat stat, int divisor) {
    std::uint16_t& value = active.modified[static_cast<int>(stat)];
    value = std::max<std::uint16_t>(1, static_cast<std::uint16_t>(value / divisor));
}

inline void mark_changed(Knowledge& knowledge, int seat) { knowledge.changed |= static_cast<std::uint8_t>(1 << seat); }

// Status or moves of a member of the party changed.
inline void mark_member(Knowledge& knowledge, int seat, int index) {
    knowledge.stale[seat] |= static_cast<std::uint8_t>(1 << index);
    mark_changed(knowledge, seat);
}

inline void set_health(KnownPokemon& pokemon, int hp, int max_hp) {
    pokemon.hp = static_cast<std::uint16_t>(hp);
    pokemon.max_hp = static_cast<std::uint16_t>(max_hp);
    pokemon.share = static_cast<std::uint16_t>(max_hp ? 10000 * hp / max_hp : 0);
}

// A move of the seat's Pokemon on the field is newly known.
inline void note_move(Knowledge& knowledge, int seat, std::uint8_t move) {
    mark_changed(knowledge, seat);
    if (kMoves[move].effect == Effect::SuperFang) knowledge.super_fang = 1;
}

// The foe's Pokemon `index` turns out to have `move`.
void know_move_of(Knowledge& knowledge, int index, std::uint8_t move);

}  // namespace gen1
