// Around a move: what stops it, its PP, what calls it, and what happens to its user afterwards.
#pragma once

#include "rules.hpp"

namespace gen1 {

// What a thawed Pokemon uses when its side has not selected any move yet: Showdown shows it as Fissure.
inline constexpr MoveData kThawedMove = {
    kFissure, Type::Unknown, Category::Special, 102, 80, 10, 10, 0, false, Effect::None, 0, Secondary::None, 0,
    Stat::Attack, false, false, false, false, false};

// Run a selected move: everything that may stop it, its PP, then its use [runMove].
template <class C, class S>
void Rules<C, S>::run_move(int side, std::uint8_t move) {
    const MoveData& data = move == kNothingSelected ? kThawedMove : kMoves[move <= kMoveCount ? move : 0];
    const int target = data.self ? side : 1 - side;
    if (move == kCannotMove) {
        hint_cannot_move(side);
        return after_move_self(side, target);
    }
    pokemon(target).flags &= static_cast<std::uint8_t>(~Pokemon::kSubstituteBroke);
    if (!before_move(side, target, move)) return after_move_self(side, target);
    std::uint8_t caller = kNoMove;
    if (move != kStruggle) {
        const bool locked = hard_locked(active(side)) || semi_locked(active(side));
        if (locked) caller = data.num;
        if (active(side).has(Active::kTwoTurn) || (!locked && !data.two_turn)) deduct_pp(side, 1);
        if (!locked && move != side_of(side).last_selected_enemy) {
            hint(event::HintText::Desync);
            hint(event::HintText::DesyncMove);
        }
    }
    if (move == kNothingSelected) hint(event::HintText::NoMove);
    use_move(side, data, caller, 0);
}

template <class C, class S>
void Rules<C, S>::hint_cannot_move(int side) {
    if (pokemon(side).status == Status::Sleep)
        hint(event::HintText::CannotMoveAsleep);
    else if (hard_locked(active(side)))
        hint(event::HintText::CannotMoveLocked);
    else if (semi_locked(active(side)))
        hint(event::HintText::CannotMoveBide);
}

// Use a move, selected or called by another [useMove].
template <class C, class S>
void Rules<C, S>::use_move(int index, const MoveData& move, std::uint8_t caller, int depth) {
    if (depth == kMaxDepth) return;
    const int target = move.self ? index : 1 - index;
    Side& side = side_of(index);
    if (caller == kMetronome || caller == kMirrorMove) refund_called_move(index, move);
    side.last_move = side.last_move_enemy = move.num;
    if (!move.two_turn || side.active.has(Active::kTwoTurn)) side.active.last_move = move.num;
    use_move_inner(index, target, move, caller, depth);
    if (move.effect == Effect::Metronome) return;
    const std::uint8_t mirrored = active(1 - index).last_move;
    if (move.effect == Effect::MirrorMove && mirrored != kNoMove && mirrored != kMirrorMove) return;
    after_move(index, target);
    if (pokemon(target).hp) after_move_self(index, target);
}

template <class C, class S>
void Rules<C, S>::use_move_inner(int side, int target, const MoveData& move, std::uint8_t caller, int depth) {
    emit(event::UseMove{side, move.num, target, caller});
    if (move.effect == Effect::Teleport) return;
    if (move.effect == Effect::Trap && active(target).has(Active::kRecharging)) {
        active(target).volatiles &= ~Active::kRecharging;
        hint(event::HintText::TrapRecharge);
    }
    if (move.two_turn && charge(side, move)) return;
    if (!move.keeps_last_damage) battle_.last_damage = 0;
    const bool success = try_hit(side, target, move, depth);
    const bool builds_rage = move.effect == Effect::Explode || move.effect == Effect::Disable;
    if (builds_rage && active(target).has(Active::kRage) && active(target).boosts[0] < 6) {
        boost(target, Stat::Attack, 1, true);
        hint(event::HintText::RageBuilds, event::kEverybody, move.num);
    }
    if (!success && move.effect == Effect::JumpKick) hurt_self(side, 1, event::DamageReason::Move);
}

// The first turn of a two-turn move; false: this is the second one.
template <class C, class S>
bool Rules<C, S>::charge(int side, const MoveData& move) {
    Active& own = active(side);
    if (own.has(Active::kTwoTurn)) {
        clear_two_turn(own);
        own.volatiles &= ~Active::kInvulnerable;
        return false;
    }
    emit(event::Prepare{side, move.num});
    own.volatiles |= Active::kTwoTurn;
    own.two_turn_move = move.num;
    emit(event::MarkMove{event::Mark::Still});
    if (move.effect == Effect::Fly) own.volatiles |= Active::kInvulnerable;
    return true;
}

// PP go from the slot that was selected last, whatever move is used, and wrap around below 0 [deductPP].
template <class C, class S>
void Rules<C, S>::deduct_pp(int index, int amount) {
    Side& side = side_of(index);
    Active& own = side.active;
    const int slot = side.last_selected_slot;
    if (!own.moves[slot]) return;
    const int left = own.pp[slot] - amount;
    if (left < 0) hint(event::HintText::PpUnderflow, index);
    own.pp[slot] = static_cast<std::uint8_t>(left & 63);
    if (!own.has(Active::kTransformed)) side.pokemon().pp[slot] = own.pp[slot];
}

template <class C, class S>
void Rules<C, S>::refund_called_move(int index, const MoveData& move) {
    if (move.two_turn) deduct_pp(index, -1);
    Side& side = side_of(index);
    const int slot = side.last_selected_slot;
    if (!side.active.has(Active::kTransformed) || !side.pokemon().moves[slot]) return;
    side.pokemon().pp[slot] = static_cast<std::uint8_t>((side.pokemon().pp[slot] + 1) & 63);
}

// What can prevent a Pokemon from moving, in the games' order [BeforeMove]; false: it does not move.
template <class C, class S>
bool Rules<C, S>::before_move(int side, int target, std::uint8_t move) {
    Active& own = active(side);
    const Status status = pokemon(side).status;
    if (status == Status::None && !(own.volatiles & (Active::kVirtual - 1))) return true;
    if (!before_move_status(side)) return false;
    if (own.has(Active::kDisabled) && stopped_by_disable(side, move)) return false;
    if (own.has(Active::kConfused) && stopped_by_confusion(side)) return false;
    if (status == Status::Paralysis && stopped_by_paralysis(side)) return false;
    if (own.has(Active::kTrapping) && own.has(Active::kBide)) chance_.extra(2);
    if (own.has(Active::kTrapping) && (target == side || own.has(Active::kTrapStale))) clear_trapping(own);
    if (!own.has(Active::kBide)) return true;
    continue_bide(side);
    return false;
}

template <class C, class S>
bool Rules<C, S>::before_move_status(int side) {
    Active& own = active(side);
    Pokemon& self = pokemon(side);
    if (self.status == Status::Freeze) {
        emit(event::Cant{side, event::CantReason::Freeze, kNoMove});
        own.last_move = kNoMove;
        return false;
    }
    if (self.status == Status::Sleep) {
        if (--self.sleep) emit(event::Cant{side, event::CantReason::Sleep, kNoMove});
        own.last_move = kNoMove;
        return false;
    }
    if (!own.has(Active::kTrapped | Active::kFlinched | Active::kRecharging)) return true;
    if (own.has(Active::kTrapped)) {
        emit(event::Cant{side, event::CantReason::Trapped, kNoMove});
    } else if (own.has(Active::kFlinched)) {
        emit(event::Cant{side, event::CantReason::Flinch, kNoMove});
    } else {
        emit(event::Cant{side, event::CantReason::Recharge, kNoMove});
        own.volatiles &= ~Active::kRecharging;
    }
    return false;
}

template <class C, class S>
bool Rules<C, S>::stopped_by_disable(int side, std::uint8_t move) {
    Active& own = active(side);
    if (--own.disable_time == 0) {
        clear_disable(own);
        emit(event::End{side, event::Condition::Disable, false});
        return false;
    }
    if (own.has(Active::kBide)) move = kBideMove;
    if (move != own.disable_move) return false;
    emit(event::Cant{side, event::CantReason::Disable, move});
    clear_two_turn(own);
    return true;
}

template <class C, class S>
bool Rules<C, S>::stopped_by_confusion(int side) {
    Active& own = active(side);
    if (--own.confusion == 0) {
        clear_confusion(own);
        emit(event::End{side, event::Condition::Confusion, false});
        return false;
    }
    emit(event::Activate{side, event::Activated::Confusion});
    if (chance_.chance(Roll::ConfusedHit, 128, 256)) return false;
    const int strength = (2 * pokemon(side).level / 5 + 2) * own.modified[0] * 40 / own.modified[1];
    hurt_self(side, strength / 50 + 2, event::DamageReason::Confusion);
    clear_bide(own);
    clear_two_turn(own);
    own.volatiles &= ~Active::kInvulnerable;
    clear_trapping(own);
    clear_thrash(own);
    return true;
}

template <class C, class S>
bool Rules<C, S>::stopped_by_paralysis(int side) {
    Active& own = active(side);
    if (!chance_.chance(Roll::Paralysis, 63, 256)) return false;
    emit(event::Cant{side, event::CantReason::Paralysis, kNoMove});
    clear_bide(own);
    if (own.has(Active::kTwoTurn) && own.has(Active::kInvulnerable)) hint(event::HintText::InvulnerableParalysis);
    clear_two_turn(own);
    clear_trapping(own);
    clear_thrash(own);
    return true;
}

template <class C, class S>
void Rules<C, S>::continue_bide(int side) {
    Active& own = active(side);
    const std::uint64_t damage = std::uint64_t{own.bide_damage} + battle_.last_damage;
    own.bide_damage = static_cast<std::uint32_t>(damage < UINT32_MAX ? damage : UINT32_MAX);
    if (--own.bide_time) {
        emit(event::Activate{side, event::Activated::Bide});
        return;
    }
    emit(event::End{side, event::Condition::Bide, false});
    if (own.bide_damage)
        release_bide(side);
    else
        emit(event::Fail{side, event::FailReason::None, Status::None});
    clear_bide(own);
}

// Twice the stored damage, whatever the foe's type, and even if it cannot be reached.
template <class C, class S>
void Rules<C, S>::release_bide(int side) {
    const int target = 1 - side;
    const std::uint32_t stored = active(side).bide_damage;
    const std::uint32_t damage = stored > UINT32_MAX / 2 ? UINT32_MAX : 2 * stored;
    if (active(target).has(Active::kSubstitute)) return damage_substitute(target, damage);
    const std::uint32_t hp = pokemon(target).hp;
    deal(side, target, kMoves[kBideMove], static_cast<int>(damage < hp ? damage : hp));
    if (active(target).has(Active::kRage) && active(target).boosts[0] < 6) boost(target, Stat::Attack, 1, true);
}

// Effects of the used move's own conditions at its end [AfterMove].
template <class C, class S>
void Rules<C, S>::after_move(int side, int target) {
    Active& own = active(side);
    if (!own.has(Active::kTrapping | Active::kRecharging | Active::kThrash)) return;
    spend_shuffle(own.has(Active::kTrapping) + own.has(Active::kRecharging) + own.has(Active::kThrash));
    if (own.has(Active::kTrapping)) after_trapping(side, target);
    if (own.has(Active::kRecharging)) {
        if (pokemon(target).hp)
            emit(event::MustRecharge{side});
        else
            own.volatiles &= ~Active::kRecharging;
    }
    if (own.has(Active::kThrash) && own.thrash_time == 0) clear_thrash(own);
}

template <class C, class S>
void Rules<C, S>::after_trapping(int side, int target) {
    Active &own = active(side), &foe = active(target);
    if (!pokemon(target).hp) return clear_trapping(own);
    if (own.trap_duration != 1) {
        add_trapped(target);
        if (own.trap_total > own.trap_duration) foe.volatiles |= Active::kTrappedLong;
    } else if (own.trap_total != 5) {  // after five turns both players know that it is over
        for (Active* one : {&own, &foe}) {
            if (one->has(Active::kFakeTrapped)) continue;
            one->volatiles |= Active::kFakeTrapped;
            one->fake_duration = 2;
        }
    }
}

// Effects on the user at the end of its own action [AfterMoveSelf].
template <class C, class S>
void Rules<C, S>::after_move_self(int side, int target) {
    Active& own = active(side);
    Pokemon& self = pokemon(side);
    if (self.status == Status::None && !own.has(Active::kSeeded)) return;
    const bool hurts = self.status == Status::Poison || self.status == Status::Burn || self.status == Status::Toxic;
    if (own.has(Active::kToxicCounter) && hurts) ++own.toxic;
    if (self.status == Status::Sleep && self.sleep == 0) cure_status(side, false);
    if (hurts) poison_or_burn(side, target);
    if (own.has(Active::kSeeded)) leech(side);
}

template <class C, class S>
void Rules<C, S>::poison_or_burn(int side, int target) {
    const Active& own = active(side);
    const Pokemon& self = pokemon(side);
    const bool counted = own.has(Active::kToxicCounter), toxic = self.status == Status::Toxic;
    const int part = sixteenth(self.max_hp);
    const int damage = part * (counted || toxic ? own.toxic : 1);
    if (self.hp) {
        lose_hp(side, damage);
        const auto reason = self.status == Status::Burn ? event::DamageReason::Burn : event::DamageReason::Poison;
        emit(event::Damage{side, event::health(self), reason, !toxic && target != side});
    }
    if (counted && !toxic) hint(event::HintText::ToxicCounterKept);
}

template <class C, class S>
void Rules<C, S>::leech(int side) {
    Active& own = active(side);
    const Pokemon& self = pokemon(side);
    if (!pokemon(1 - side).hp) return;
    int factor = 1;
    if (own.has(Active::kToxicCounter)) factor = ++own.toxic;
    const int amount = sixteenth(self.max_hp) * factor;
    int taken = 0;
    if (self.hp) {
        taken = lose_hp(side, amount);
        emit(event::Damage{side, event::health(self), event::DamageReason::LeechSeed, true});
    }
    if (own.has(Active::kToxicCounter)) hint(event::HintText::LeechSeedToxic);
    if (amount > taken) hint(event::HintText::LeechSeedUnlimited);
    heal(1 - side, amount, event::HealReason::Silent);
}

}  // namespace gen1
