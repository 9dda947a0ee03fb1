#include <iterator>

#include "validate.hpp"
#include "validate_common.hpp"

namespace gen1 {
namespace {

using namespace validation;

constexpr std::uint32_t kKnownFlags = (KnownActive::kFresh << 1) - 1;
constexpr int kMostStat = 4096;

void check_moves(const KnownMove (&moves)[kMoveSlots]) {
    for (const KnownMove& known : moves) {
        require(known.move <= kMoveCount, "a known move above 165");
        require(known.pp <= 64 && known.max_pp <= 64 && known.disabled <= 1, "a known move's PP or mark out of bounds");
    }
}

void check_pokemon(const KnownPokemon& known) {
    require(known.species <= kSpeciesCount && known.level <= 100, "a known species or level out of bounds");
    require(known.hp <= known.max_hp && known.max_hp <= kMostStat && known.full_hp <= kMostStat && known.share <= 10000, "known HP out of bounds");
    for (const int stat : known.stats) require(stat <= kMostStat, "a known stat out of bounds");
    require(known.status <= Status::Toxic, "an unknown status");
    require(known.flags < 2 * KnownPokemon::kRested, "an unknown mark of a known Pokemon");
    require(known.unused == 0, "bytes that must be 0");
    check_moves(known.moves);
}

void check_active(const KnownActive& active) {
    require((active.flags & ~kKnownFlags) == 0, "an unknown mark of the Pokemon on the field");
    for (int i = 0; i < 4; i++) require(active.stored[i] <= kMostStat && active.modified[i] <= kMostStat, "a known stat out of bounds");
    for (const int boost : active.boosts) require(between(boost, -6, 6), "a known boost outside -6 to 6");
    require(active.species <= kSpeciesCount, "a known species out of bounds");
    for (const Type type : active.types) require(type <= Type::Unknown, "an unknown type");
    for (const int move : {active.last_move, active.root_move, active.charging_move, active.disabled_move})
        require(move < kMoveCodes, "a known move out of bounds");
    require(active.acted <= 1, "a mark that is not 0 or 1");
    check_moves(active.moves);
}

void check_side(const KnownSide& side) {
    require(side.size <= kTeamSize && side.known <= side.size && side.fainted <= side.size, "a known party's size out of bounds");
    unsigned seen = 0;
    for (const int index : side.order) {
        require(index < kTeamSize && !(seen >> index & 1), "a known party order that is no order");
        seen |= 1u << index;
    }
    require(side.used_move < kMoveCodes && side.transform_of <= kTeamSize, "a known move or Pokemon out of bounds");
    check_active(side.active);
    for (const KnownPokemon& known : side.party) check_pokemon(known);
}

void check_ask(const Ask& ask) {
    require(ask.request <= Request::Switch && ask.maybe_locked <= 1 && ask.trapped <= 1 && ask.pp_shown <= 1, "an unknown request");
    require(ask.move_count <= kMoveSlots, "more than four moves asked for");
    for (int i = 0; i < kMoveSlots; i++) {
        require(ask.moves[i] < kMoveCodes && ask.active_moves[i] < kMoveCodes, "a requested move out of bounds");
        require(ask.usable[i] <= 1 && ask.pp[i] <= 64 && ask.max_pp[i] <= 64, "a requested move's PP or mark out of bounds");
    }
}

}  // namespace

std::string impossibility(const Knowledge& knowledge) {
    return first_problem([&] {
        for (const KnownSide& side : knowledge.sides) check_side(side);
        check_ask(knowledge.ask);
        require(knowledge.turn <= 1001, "a known turn above 1001");
        for (const int stale : knowledge.stale) require(stale < 1 << kTeamSize, "an unknown mark of a party");
        require(knowledge.player <= 1 && knowledge.changed <= Knowledge::kBothChanged && knowledge.boosted <= 2, "a mark out of bounds");
        require(knowledge.result <= static_cast<int>(Result::Tie), "an unknown result");
        require(knowledge.boost_stat <= event::BoostStat::evasion && knowledge.boost_raised <= 1, "an unknown boost");
        require(knowledge.mover <= 1 && knowledge.super_fang <= 1, "a mark out of bounds");
        for (const auto& stats : knowledge.before_boost)
            for (const int stat : stats) require(stat <= kMostStat, "a known stat out of bounds");
    });
}

}  // namespace gen1
