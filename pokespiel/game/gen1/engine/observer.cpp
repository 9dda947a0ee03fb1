#include "observer.hpp"

#include <algorithm>
#include <iterator>

#include "choices.hpp"

namespace gen1 {
namespace {

void only(Ask& ask, std::uint8_t move) {
    ask.move_count = 1;
    ask.moves[0] = move;
    ask.usable[0] = 1;
}

std::uint8_t hard_lock(const Active& active) {
    if (active.has(Active::kRecharging)) return kRecharge;
    if (active.has(Active::kTwoTurn)) return active.two_turn_move;
    if (active.has(Active::kThrash)) return active.thrash_move;
    return active.has(Active::kRage) ? kRageMove : kNoMove;
}

// PP Ups belong to the Pokemon's own slots: a slot that Transform adds has none, and Struggle cannot have any.
std::uint8_t max_pp(const Pokemon& pokemon, const Active& active, int slot) {
    const MoveData& move = kMoves[active.moves[slot]];
    const bool plain = pokemon.moves[slot] == kNoMove || pokemon.moves[slot] == kStruggle;
    return plain ? move.pp : move.max_pp;
}

void show_menu(Ask& ask, const Side& side) {
    const Active& active = side.active;
    const unsigned usable = usable_moves(active);
    if (!usable) return only(ask, kStruggle);
    ask.pp_shown = 1;
    for (int i = 0; i < kMoveSlots && active.moves[i]; i++) {
        ask.move_count++;
        ask.moves[i] = active.moves[i];
        ask.usable[i] = usable >> i & 1;
        ask.pp[i] = active.pp[i];
        ask.max_pp[i] = max_pp(side.pokemon(), active, i);
    }
}

void ask_for_move(Ask& ask, const Side& side) {
    const Active& active = side.active;
    const std::uint8_t locked = hard_lock(active);
    if (locked) {
        ask.trapped = 1;
        return only(ask, locked);
    }
    ask.maybe_locked = active.has(Active::kMaybeLocked);
    if (!ask.maybe_locked && active.has(Active::kBide)) return only(ask, kBideMove);
    if (!ask.maybe_locked && active.has(Active::kTrapping)) return only(ask, active.trap_move);
    if (asleep_or_frozen(side.pokemon()) || (active.has(Active::kTrapped) && !ask.maybe_locked)) return only(ask, kFight);
    show_menu(ask, side);
}

OwnPokemon own_pokemon(const Pokemon& pokemon) {
    OwnPokemon own{pokemon.species, pokemon.level, pokemon.status, pokemon.hp, pokemon.max_hp, {}, {}, {}};
    std::copy(std::begin(pokemon.stats), std::end(pokemon.stats), own.stats);
    std::copy(std::begin(pokemon.moves), std::end(pokemon.moves), own.moves);
    std::copy(std::begin(pokemon.pp), std::end(pokemon.pp), own.pp);
    return own;
}

}  // namespace

Ask ask_of(const Battle& battle, int player) {
    const Side& side = battle.sides[player];
    const Pokemon& pokemon = side.pokemon();
    Ask ask{};
    ask.request = battle.requests[player];
    const std::uint8_t* const moves = pokemon.hp ? side.active.moves : pokemon.moves;
    std::copy(moves, moves + kMoveSlots, ask.active_moves);
    if (ask.request == Request::Move) ask_for_move(ask, side);
    return ask;
}

void know_parties(const Battle& battle, Knowledge (&knowledge)[2]) {
    for (int player = 0; player < 2; player++) {
        knowledge[player] = know_nothing(player, battle.sides[1 - player].size);
        const Side& side = battle.sides[player];
        for (int i = 0; i < side.size; i++) know_own(knowledge[player], i, own_pokemon(side.team[i]));
    }
}

}  // namespace gen1
