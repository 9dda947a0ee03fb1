#include "validate.hpp"

#include <algorithm>
#include <iterator>

#include "choices.hpp"
#include "validate_common.hpp"

namespace gen1 {
namespace {

using namespace validation;

constexpr int kHighestStat = 999;
constexpr int kHighestModified = 2000;  // a stage lost from +6 leaves 3.5 times the stat, without the cap at 999
constexpr int kMostPp = 63;
constexpr std::uint32_t kKnownVolatiles = (Active::kVirtual * 0xFu) | ((Active::kMaybeLocked << 1) - 1);

template <class List>
bool all_zero(const List& bytes) {
    return std::all_of(std::begin(bytes), std::end(bytes), [](auto byte) { return byte == 0; });
}

void check_moves(const std::uint8_t* moves, const std::uint8_t* pp) {
    require(between(moves[0], 1, kMoveCount), "the first move slot is empty or no move");
    for (int i = 1; i < kMoveSlots; i++) {
        require(moves[i] <= kMoveCount, "a move number above 165");
        require(moves[i] == kNoMove || moves[i - 1] != kNoMove, "an empty move slot before a move");
    }
    for (int i = 0; i < kMoveSlots; i++) require(pp[i] <= (moves[i] ? kMostPp : 0), "PP above 63 or in an empty slot");
}

void check_pokemon(const Pokemon& pokemon) {
    require(between(pokemon.species, 1, kSpeciesCount), "a species number outside 1-151");
    require(between(pokemon.level, 1, 100), "a level outside 1-100");
    require(between(pokemon.max_hp, 1, kHighestStat), "a maximum HP outside 1-999");
    require(pokemon.hp <= pokemon.max_hp, "more HP than the maximum");
    for (const int stat : pokemon.stats) require(between(stat, 1, kHighestStat), "a stat outside 1-999");
    check_moves(pokemon.moves, pokemon.pp);
    require(pokemon.status <= Status::Toxic, "an unknown status");
    require(pokemon.hp || pokemon.status == Status::None, "a fainted Pokemon with a status");
    require(pokemon.status == Status::Sleep ? between(pokemon.sleep, 1, 7) : pokemon.sleep == 0, "turns of sleep outside 1-7, or awake");
    require(pokemon.flags <= (Pokemon::kRested | Pokemon::kSubstituteBroke), "an unknown flag of a Pokemon");
    require(!(pokemon.flags & Pokemon::kRested) || pokemon.status == Status::Sleep, "rested, but awake");
    require(pokemon.speed_gene <= 30 + 63, "a Speed IV and EV beyond what they can be");
    require(all_zero(pokemon.unused), "bytes that must be 0");
}

// A field that belongs to a volatile is within bounds while it lasts and 0 otherwise.
void check_owned(const Active& active, std::uint32_t owner, int value, int low, int high, const char* what) {
    require(active.has(owner) ? between(value, low, high) : value == 0, what);
}

void check_volatiles(const Active& active) {
    using A = Active;
    require((active.volatiles & ~kKnownVolatiles) == 0, "an unknown volatile");
    check_owned(active, A::kBide, active.bide_time, 1, 3, "a Bide time out of bounds");
    require(active.has(A::kBide) || active.bide_damage == 0, "Bide damage without Bide");
    require(active.bide_damage < 1u << 24, "Bide damage beyond what it can be");
    check_owned(active, A::kThrash, active.thrash_time, 1, 3, "a Thrash time out of bounds");
    check_owned(active, A::kThrash, active.thrash_move, 1, kMoveCount, "a Thrash move out of bounds");
    check_owned(active, A::kThrash, active.thrash_accuracy, 1, 255, "a Thrash accuracy out of bounds");
    check_owned(active, A::kRage, active.rage_accuracy, 1, 255, "a Rage accuracy out of bounds");
    check_owned(active, A::kTwoTurn, active.two_turn_move, 1, kMoveCount, "a two-turn move out of bounds");
    check_owned(active, A::kTrapping, active.trap_move, 1, kMoveCount, "a trapping move out of bounds");
    check_owned(active, A::kTrapping, active.trap_total, 2, 5, "a trap's duration out of bounds");
    check_owned(active, A::kTrapping, active.trap_duration, 1, active.trap_total, "a trap's remaining turns out of bounds");
    require(active.has(A::kTrapping) || (!active.trap_damage && !active.has(A::kTrapStale)), "a trap's traces without one");
    check_owned(active, A::kTrapped, active.trapped_duration, 1, 2, "a trapped duration out of bounds");
    require(active.has(A::kTrapped) || !active.has(A::kTrappedLong), "long trapped, but not trapped");
    check_owned(active, A::kFakeTrapped, active.fake_duration, 1, 2, "a duration of the trap's aftermath out of bounds");
    check_owned(active, A::kConfused, active.confusion, 1, 5, "confusion turns out of bounds");
    check_owned(active, A::kSubstitute, active.substitute, 1, 255, "a substitute's HP out of bounds");
    require(active.has(A::kToxicCounter) || !active.toxic, "a toxic counter without its volatile");
    require(active.toxic < 4096, "a toxic counter beyond what it can be");
    check_owned(active, A::kDisabled, active.disable_time, 1, 8, "a Disable time out of bounds");
    check_owned(active, A::kDisabled, active.disable_move, 1, kMoveCount, "a disabled move out of bounds");
    require(active.disable_slot < (active.has(A::kDisabled) ? kMoveSlots : 1), "a disabled slot out of bounds");
}

// Moves that lock their user are of the kinds that can.
void check_lock_moves(const Active& active) {
    require(!active.thrash_move || kMoves[active.thrash_move].effect == Effect::Thrash, "locked into a move that does not lock");
    require(!active.two_turn_move || kMoves[active.two_turn_move].two_turn, "charging a move of one turn");
    require(!active.trap_move || kMoves[active.trap_move].effect == Effect::Trap, "trapping with a move that does not trap");
    const int locks = active.has(Active::kRecharging) + active.has(Active::kThrash) + active.has(Active::kTwoTurn) +
                      active.has(Active::kRage) + active.has(Active::kBide) + active.has(Active::kTrapping);
    require(locks <= 2, "locked into more than two moves");
}

void check_active(const Active& active) {
    require(between(active.species, 1, kSpeciesCount), "a species number outside 1-151 on the field");
    for (const Type type : active.types) require(type <= Type::Dragon, "an unknown type");
    check_moves(active.moves, active.pp);
    require(active.last_move <= kMoveCount, "a last move above 165");
    for (int stat = 0; stat < 4; stat++) {
        require(between(active.stored[stat], 1, kHighestStat), "a stored stat outside 1-999");
        require(between(active.modified[stat], 1, kHighestModified), "a modified stat outside 1-2000");
    }
    require(active.speed <= kHighestModified, "a cached Speed above 2000");
    for (const int boost : active.boosts) require(between(boost, -6, 6), "a boost outside -6 to 6");
    check_volatiles(active);
    check_lock_moves(active);
}

void check_order(const Side& side) {
    require(between(side.size, 1, kTeamSize), "a party size outside 1-6");
    unsigned seen = 0;
    for (int place = 0; place < kTeamSize; place++) {
        require(side.order[place] < kTeamSize && !(seen >> side.order[place] & 1), "a party order that is no order");
        require((side.order[place] < side.size) == (place < side.size), "a party order with an absent Pokemon");
        seen |= 1u << side.order[place];
    }
}

void check_side(const Side& side) {
    check_order(side);
    int left = 0;
    for (int i = 0; i < side.size; i++) {
        check_pokemon(side.team[i]);
        left += side.team[i].hp > 0;
    }
    for (int i = side.size; i < kTeamSize; i++) {
        constexpr Pokemon kNobody{};
        require(!std::memcmp(&side.team[i], &kNobody, sizeof kNobody), "a Pokemon past the party's size");
    }
    require(side.left == left, "a count of Pokemon left that is wrong");
    require(side.last_selected <= kCannotMove && side.last_selected_enemy <= kCannotMove, "an unknown selected move");
    require(side.last_move <= kCannotMove && side.last_move_enemy <= kCannotMove, "an unknown last move");
    require(side.last_selected_slot < kMoveSlots, "a selected slot above 4");
    require(side.fainted_this_turn <= 1 && all_zero(side.unused), "bytes that must be 0");
    check_active(side.active);
}

void check_requests(const Battle& battle) {
    const Request* requests = battle.requests;
    require(requests[0] <= Request::Switch && requests[1] <= Request::Switch, "an unknown request");
    require(battle.result <= Result::Tie, "an unknown result");
    if (battle.ended()) return require(requests[0] == Request::None && requests[1] == Request::None, "a request after the end");
    const bool stands[2] = {battle.sides[0].pokemon().hp > 0, battle.sides[1].pokemon().hp > 0};
    if (stands[0] && stands[1]) {
        return require(requests[0] == Request::Move && requests[1] == Request::Move, "both Pokemon stand, but not both are asked to move");
    }
    for (int side = 0; side < 2; side++) {
        require(requests[side] == (stands[side] ? Request::None : Request::Switch), "a Pokemon has fainted, and its owner alone must be asked");
        require(battle.sides[side].left > 0, "a side without Pokemon in a battle that goes on");
    }
}

}  // namespace

std::string impossibility(const Battle& battle) {
    return first_problem([&] {
        require(battle.turn <= 1001, "a turn above 1001");
        require(all_zero(battle.unused), "bytes that must be 0");
        for (const Side& side : battle.sides) check_side(side);
        check_requests(battle);
    });
}

}  // namespace gen1
