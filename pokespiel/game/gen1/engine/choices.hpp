// A player's choices, exactly as Showdown's request offers them.
#pragma once

#include "state.hpp"

namespace gen1 {

// kPass (a side that waits), 1-4: "move 1" to "move 4", 5-9: "switch 2" to "switch 6" (party positions).
using Choice = std::uint8_t;
inline constexpr Choice kPass = 0;
inline constexpr int kMaxChoices = 9;

inline constexpr Choice move_choice(int number) { return static_cast<Choice>(number); }
inline constexpr Choice switch_choice(int position) { return static_cast<Choice>(position + 3); }
inline constexpr bool is_switch(Choice choice) { return choice > kMoveSlots; }
inline constexpr int switch_position(Choice choice) { return choice - 4; }  // from 0: an index of Side::order

// The lock that takes the choice away and keeps the Pokemon in [getLockedMove].
inline bool hard_locked(const Active& active) {
    return active.has(Active::kRecharging | Active::kThrash | Active::kTwoTurn | Active::kRage);
}

// The lock that still lets it switch out [getSemiLockedMove].
inline bool semi_locked(const Active& active) { return active.has(Active::kBide | Active::kTrapping); }

inline bool asleep_or_frozen(const Pokemon& pokemon) {
    return pokemon.status == Status::Sleep || pokemon.status == Status::Freeze;
}

// Bit i: move slot i has PP and is not disabled [getMoves].
inline unsigned usable_moves(const Active& active) {
    unsigned mask = 0;
    for (int i = 0; i < kMoveSlots; ++i) mask |= static_cast<unsigned>(active.pp[i] != 0) << i;  // empty slots have none
    return active.has(Active::kDisabled) ? mask & ~(1u << active.disable_slot) : mask;
}

// Bit i: "move i+1" is offered by a move request [getMoveRequestData]. Locked, Fight, Recharge and Struggle: bit 0 alone.
inline unsigned offered_moves(const Side& side) {
    const Active& active = side.active;
    const bool shown_free = active.has(Active::kMaybeLocked);
    if (hard_locked(active) || asleep_or_frozen(side.pokemon())) return 1;
    if (!shown_free && (semi_locked(active) || active.has(Active::kTrapped))) return 1;
    const unsigned usable = usable_moves(active);
    return usable ? usable : 1;
}

// The legal choices of a side: bit c - 1 for choice c. 0 if it waits.
inline unsigned legal_mask(const Battle& battle, int index) {
    const Request request = battle.requests[index];
    if (request == Request::None) return 0;
    const Side& side = battle.sides[index];
    unsigned mask = request == Request::Move ? offered_moves(side) : 0;
    if (request == Request::Move && hard_locked(side.active)) return mask;
    for (int position = 1; position < kTeamSize; ++position)  // no Pokemon past the party's end has HP
        mask |= static_cast<unsigned>(side.team[side.order[position]].hp != 0) << (switch_choice(position + 1) - 1);
    return mask;
}

// The same as a list, in the order of the request; returns its length.
inline int list_choices(const Battle& battle, int side, Choice out[kMaxChoices]) {
    int count = 0;
    for (unsigned mask = legal_mask(battle, side); mask; mask &= mask - 1) out[count++] = static_cast<Choice>(__builtin_ctz(mask) + 1);
    return count;
}

inline bool is_legal(const Battle& battle, int side, Choice choice) {
    const unsigned mask = legal_mask(battle, side);
    if (choice == kPass) return mask == 0;
    return choice <= kMaxChoices && (mask >> (choice - 1) & 1);
}

}  // namespace gen1
