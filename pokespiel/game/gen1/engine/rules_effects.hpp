// Effects of moves other than damage, statuses and stages, each of one move or a few.
#pragma once

#include "rules.hpp"

namespace gen1 {

// The move's own effect on a hit; false: the move fails. did_something: it has done damage.
template <class C, class S>
bool Rules<C, S>::apply_effect(int side, int target, const MoveData& move, int depth, bool& did_something) {
    switch (move.effect) {
        case Effect::Boost: return !pokemon(target).hp || apply_boost(side, target, move, move.parameter);
        case Effect::Sleep: apply_status(side, target, Status::Sleep, move, false); return true;
        case Effect::Poison: apply_status(side, target, Status::Poison, move, false); return true;
        case Effect::Toxic: apply_status(side, target, Status::Toxic, move, false); return true;
        case Effect::Paralyze: apply_status(side, target, Status::Paralysis, move, false); return true;
        case Effect::Trap: add_trapped(target); return true;
        case Effect::PayDay: emit(event::PayDay{}); return true;
        default: break;
    }
    if (run_effect(side, target, move, depth) || did_something) return true;
    emit(event::Fail{target, event::FailReason::None, Status::None});
    return false;
}

// Effects that may fail; false: it failed.
template <class C, class S>
bool Rules<C, S>::run_effect(int side, int target, const MoveData& move, int depth) {
    Active &own = active(side), &foe = active(target);
    const auto start = [&](std::uint32_t bit, event::Condition condition, int on) {
        if (active(on).has(bit)) return;
        active(on).volatiles |= bit;
        emit(event::Start{on, condition, kNoMove, false});
    };
    switch (move.effect) {
        case Effect::Confuse: confuse(target, false); break;
        case Effect::Disable: disable(target); break;
        case Effect::LeechSeed: start(Active::kSeeded, event::Condition::LeechSeed, target); break;
        case Effect::Mist: start(Active::kMist, event::Condition::Mist, side); break;
        case Effect::FocusEnergy: start(Active::kFocusEnergy, event::Condition::FocusEnergy, side); break;
        case Effect::LightScreen: start(Active::kLightScreen, event::Condition::LightScreen, side); break;
        case Effect::Reflect: start(Active::kReflect, event::Condition::Reflect, side); break;
        case Effect::Bide:
            if (own.has(Active::kBide)) break;
            own.volatiles |= Active::kBide;
            own.bide_damage = 0;
            own.bide_time = static_cast<std::uint8_t>(chance_.range(Roll::BideTurns, 2, 4));
            emit(event::Start{side, event::Condition::Bide, kNoMove, false});
            break;
        case Effect::Substitute: start_substitute(side); break;
        case Effect::Conversion:
            std::memcpy(own.types, foe.types, sizeof own.types);
            emit(event::Start{side, event::Condition::TypeChange, kNoMove, false});
            break;
        case Effect::Haze: haze(side); break;
        case Effect::Recover:
            if (!can_recover(side)) return false;
            heal(side, pokemon(side).max_hp / 2, event::HealReason::Move);
            break;
        case Effect::Rest: return rest(side, move);
        case Effect::Transform: transform(side, target); break;
        case Effect::Mimic: mimic(side, target); break;
        case Effect::Metronome: {
            const auto called = chance_.sample(Roll::Metronome, kMetronomeMoves, std::size(kMetronomeMoves));
            return call_move(side, static_cast<std::uint8_t>(called), kMetronome, depth);
        }
        case Effect::MirrorMove: return call_move(side, active(1 - side).last_move, kMirrorMove, depth);
        default: break;
    }
    return true;
}

template <class C, class S>
void Rules<C, S>::add_trapped(int side) {
    Active& own = active(side);
    if (!pokemon(side).hp) return;
    own.volatiles |= Active::kTrapped;
    own.trapped_duration = 2;
}

// The user takes hold of its foe for 2 to 5 turns [partialtrappinglock].
template <class C, class S>
void Rules<C, S>::add_trapping(int side, const MoveData& move) {
    static constexpr std::uint8_t kTurns[8] = {2, 2, 2, 3, 3, 3, 4, 5};
    Active& own = active(side);
    if (!pokemon(side).hp || own.has(Active::kTrapping)) return;
    if (!pokemon(1 - side).hp) {
        chance_.extra(8);
        return;
    }
    own.volatiles |= Active::kTrapping;
    own.trap_move = move.num;
    own.trap_total = own.trap_duration = static_cast<std::uint8_t>(chance_.sample(Roll::TrapTurns, kTurns, 8));
    own.trap_damage = static_cast<std::uint16_t>(battle_.last_damage);
    add_trapped(1 - side);
}

template <class C, class S>
void Rules<C, S>::confuse(int side, bool silent) {
    Active& own = active(side);
    if (!pokemon(side).hp || own.has(Active::kConfused)) return;
    own.volatiles |= Active::kConfused;
    emit(event::Start{side, event::Condition::Confusion, kNoMove, silent});
    own.confusion = static_cast<std::uint8_t>(chance_.range(Roll::ConfusionTurns, 2, 6));
}

template <class C, class S>
void Rules<C, S>::disable(int side) {
    Active& own = active(side);
    if (own.has(Active::kDisabled)) return;
    std::uint8_t slots[kMoveSlots];
    std::uint32_t count = 0;
    for (std::uint8_t slot = 0; slot < kMoveSlots; ++slot)
        if (own.moves[slot] && own.pp[slot]) slots[count++] = slot;
    own.volatiles |= Active::kDisabled;
    own.disable_slot = static_cast<std::uint8_t>(chance_.sample(Roll::DisableSlot, slots, count));
    own.disable_move = own.moves[own.disable_slot];
    emit(event::Start{side, event::Condition::Disable, own.disable_move, false});
    own.disable_time = static_cast<std::uint8_t>(chance_.range(Roll::DisableTurns, 1, 9));
}

template <class C, class S>
void Rules<C, S>::start_substitute(int side) {
    Active& own = active(side);
    const int quarter = pokemon(side).max_hp / 4;
    own.volatiles |= Active::kSubstitute;
    emit(event::Start{side, event::Condition::Substitute, kNoMove, false});
    own.substitute = static_cast<std::uint8_t>(quarter + 1);
    if (own.has(Active::kTrapped)) {
        emit(event::End{side, event::Condition::Trapped, true});
        clear_trapped(own);
    }
    if (pokemon(side).max_hp <= 3) return;
    lose_hp(side, quarter);
    emit(event::Damage{side, event::health(pokemon(side)), event::DamageReason::Move, false});
}

// Recovery fails at full HP and, by an oversight, where 255 or 511 HP are missing.
template <class C, class S>
bool Rules<C, S>::can_recover(int side) {
    const Pokemon& self = pokemon(side);
    const int missing = self.max_hp - self.hp;
    if (missing == 0) return false;
    if ((missing != 255 && missing != 511) || self.hp % 256 == 0) return true;
    hint(event::HintText::RecoveryFails);
    return false;
}

template <class C, class S>
bool Rules<C, S>::rest(int side, const MoveData& move) {
    if (!can_recover(side)) return false;
    Pokemon& self = pokemon(side);
    chance_.extra(2);
    self.status = Status::Sleep;
    begin_sleep(side, move, true);
    heal(side, self.max_hp, event::HealReason::Silent);
    return true;
}

// Clear stages and most conditions of both sides; the foe's status is cured, and it cannot move if asleep or frozen.
template <class C, class S>
void Rules<C, S>::haze(int user) {
    emit(event::HazeUsed{user});
    for (int side = 0; side < 2; ++side) {
        Active& own = active(side);
        std::memset(own.boosts, 0, sizeof own.boosts);
        std::memcpy(own.modified, own.stored, sizeof own.modified);
        if (side != user) {
            if (asleep_or_frozen(pokemon(side))) {
                side_of(side).last_selected = side_of(side).last_selected_enemy = kCannotMove;
                if (actions_[side].kind == Action::kMove) actions_[side].move = kCannotMove;
            }
            cure_status(side, true);
        } else if (pokemon(side).status == Status::Toxic) {
            chance_.extra(2);
            pokemon(side).status = Status::Poison;
            emit(event::StatusStart{side, Status::Poison, kNoMove, false});
        }
        own.speed = own.modified[2];
        haze_volatiles(side);
    }
}

template <class C, class S>
void Rules<C, S>::haze_volatiles(int side) {
    using event::Condition;
    struct Entry { std::uint32_t bit; Condition condition; };
    static constexpr Entry kEntries[] = {
        {Active::kDisabled, Condition::Disable}, {Active::kConfused, Condition::Confusion},
        {Active::kMist, Condition::Mist}, {Active::kFocusEnergy, Condition::FocusEnergy},
        {Active::kSeeded, Condition::LeechSeed}, {Active::kLightScreen, Condition::LightScreen},
        {Active::kReflect, Condition::Reflect}, {Active::kToxicCounter, Condition::ToxicCounter}};
    Active& own = active(side);
    for (const Entry& entry : kEntries) {
        if (!own.has(entry.bit)) continue;
        own.volatiles &= ~entry.bit;
        emit(event::End{side, entry.condition, true});
    }
    clear_disable(own);
    clear_confusion(own);
    own.toxic = 0;
}

// HP, status and level stay; until it is refreshed, the cached Speed is the user's own under the new species.
template <class C, class S>
void Rules<C, S>::transform(int side, int target) {
    Active& own = active(side);
    const Active& foe = active(target);
    const Pokemon& self = pokemon(side);
    own.species = foe.species;
    own.speed = static_cast<std::uint16_t>((2 * kSpecies[foe.species].speed + self.speed_gene) * self.level / 100 + 5);
    std::memcpy(own.types, foe.types, sizeof own.types);
    std::memcpy(own.stored, foe.stored, sizeof own.stored);
    std::memcpy(own.modified, foe.modified, sizeof own.modified);
    std::memcpy(own.boosts, foe.boosts, sizeof own.boosts);
    own.volatiles &= ~(15u * Active::kVirtual);
    own.volatiles |= Active::kTransformed;
    for (int slot = 0; slot < kMoveSlots; ++slot) {
        const std::uint8_t move = foe.moves[slot];
        own.moves[slot] = move;
        own.pp[slot] = kMoves[move].pp < 5 ? kMoves[move].pp : 5;
        if (move) own.volatiles |= Active::kVirtual << slot;
    }
    emit(event::Transformed{side});
}

template <class C, class S>
void Rules<C, S>::mimic(int side, int target) {
    Active& own = active(side);
    const Active& foe = active(target);
    const int slot = side_of(side).last_selected_slot;
    std::uint32_t count = 0;
    while (count < kMoveSlots && foe.moves[count]) ++count;
    const std::uint8_t copied = foe.moves[chance_.range(Roll::MimicSlot, 0, count)];
    if (!own.moves[slot]) return;
    own.moves[slot] = copied;
    own.volatiles |= Active::kVirtual << slot;
    emit(event::Start{side, event::Condition::Mimic, copied, false});
}

// Metronome and Mirror Move; false: there is nothing to mirror.
template <class C, class S>
bool Rules<C, S>::call_move(int index, std::uint8_t called, std::uint8_t caller, int depth) {
    if (called == kNoMove || (caller == kMirrorMove && called == kMirrorMove)) return false;
    Side& side = side_of(index);
    side.last_selected = side.last_selected_enemy = called;
    use_move(index, kMoves[called], caller, depth + 1);
    return true;
}

template <class C, class S>
void Rules<C, S>::clear_bide(Active& own) {
    own.volatiles &= ~Active::kBide;
    own.bide_damage = 0;
    own.bide_time = 0;
}

template <class C, class S>
void Rules<C, S>::clear_thrash(Active& own) {
    own.volatiles &= ~Active::kThrash;
    own.thrash_move = own.thrash_time = own.thrash_accuracy = 0;
}

template <class C, class S>
void Rules<C, S>::clear_two_turn(Active& own) {
    own.volatiles &= ~Active::kTwoTurn;
    own.two_turn_move = 0;
}

template <class C, class S>
void Rules<C, S>::clear_trapping(Active& own) {
    own.volatiles &= ~(Active::kTrapping | Active::kTrapStale);
    own.trap_move = own.trap_total = own.trap_duration = 0;
    own.trap_damage = 0;
}

template <class C, class S>
void Rules<C, S>::clear_trapped(Active& own) {
    own.volatiles &= ~(Active::kTrapped | Active::kTrappedLong);
    own.trapped_duration = 0;
}

template <class C, class S>
void Rules<C, S>::clear_disable(Active& own) {
    own.volatiles &= ~Active::kDisabled;
    own.disable_slot = own.disable_move = own.disable_time = 0;
}

template <class C, class S>
void Rules<C, S>::clear_confusion(Active& own) {
    own.volatiles &= ~Active::kConfused;
    own.confusion = 0;
}

}  // namespace gen1
