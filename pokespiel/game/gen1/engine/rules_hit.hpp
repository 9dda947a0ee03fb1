// A move against its target: immunity, accuracy, repeated hits, the Substitute, secondary effects.
#pragma once

#include "rules.hpp"

namespace gen1 {

// [tryMoveHit]; false: the move failed or missed.
template <class C, class S>
bool Rules<C, S>::try_hit(int side, int target, const MoveData& move, int depth) {
    Active& own = active(side);
    if (move.effect == Effect::Thrash) continue_thrash(side, move);
    if (blocked_before_accuracy(side, target, move)) return false;
    int damage = kFailed;
    if (hits(side, target, move)) {
        damage = move.effect == Effect::MultiHit || move.effect == Effect::DoubleHit
                     ? multi_hit(side, target, move, depth)
                     : move_hit(side, target, move, 0, true, kNoDamage, depth);
    } else {
        battle_.last_damage = 0;
    }
    if (move.effect == Effect::Explode) {
        if (pokemon(target).flags & Pokemon::kSubstituteBroke)
            hint(event::HintText::ExplosionSubstitute, event::kEverybody, move.num);
        else
            faint(side);
    }
    if (damage == kFailed) {
        clear_trapping(own);
        return false;
    }
    if (move.effect == Effect::Ohko) emit(event::OneHitKo{});
    if (move.secondary == Secondary::Burn && pokemon(target).status == Status::Freeze) cure_status(target, false);
    return true;
}

template <class C, class S>
void Rules<C, S>::continue_thrash(int side, const MoveData& move) {
    Active& own = active(side);
    if (!own.has(Active::kThrash)) {
        own.volatiles |= Active::kThrash;
        own.thrash_move = move.num;
        own.thrash_time = static_cast<std::uint8_t>(chance_.range(Roll::ThrashTurns, 2, 4));
        own.thrash_accuracy = 255;
    } else if (--own.thrash_time == 0) {
        clear_confusion(own);
        confuse(side, true);
    }
}

// A target out of reach, or immune by type or otherwise; a user that explodes faints anyway.
template <class C, class S>
bool Rules<C, S>::blocked_before_accuracy(int side, int target, const MoveData& move) {
    const Active& foe = active(target);
    if (foe.has(Active::kInvulnerable) && target != side && move.num != kSwift && move.effect != Effect::Transform) {
        emit(event::InvulnerableMiss{target});
        emit(event::MarkMove{event::Mark::Miss});
        emit(event::Miss{side});
        if (move.effect == Effect::Explode) faint(side);
        return true;
    }
    if (!move.ignores_immunity) {
        const auto& row = kTypeChart[static_cast<int>(move.type)];
        if (!row[static_cast<int>(foe.types[0])] || !row[static_cast<int>(foe.types[1])]) {
            emit(event::Immune{target, false});
            if (move.effect == Effect::Explode) faint(side);
            return true;
        }
    }
    const bool immune = (move.effect == Effect::LeechSeed && has_type(foe, Type::Grass)) ||
                        (move.effect == Effect::DreamEater &&
                         (pokemon(target).status != Status::Sleep || foe.has(Active::kSubstitute)));
    const bool slower = move.effect == Effect::Ohko && foe.modified[2] > active(side).modified[2];
    if (immune || slower) emit(event::Immune{target, slower});
    return immune || slower;
}

// The accuracy check. Thrash and Rage keep the accuracy that stages of accuracy and evasion left them with.
template <class C, class S>
bool Rules<C, S>::hits(int side, int target, const MoveData& move) {
    Active &own = active(side), &foe = active(target);
    if (move.accuracy == 0 || (move.effect == Effect::Sleep && foe.has(Active::kRecharging))) return true;
    int accuracy = move.accuracy;
    if (own.has(Active::kThrash)) accuracy = own.thrash_accuracy;
    if (own.has(Active::kRage)) accuracy = own.rage_accuracy;
    accuracy = accuracy * stage_percent(own.boosts[4]) / 100;
    accuracy = accuracy * stage_percent(-foe.boosts[5]) / 100;
    accuracy = accuracy < 1 ? 1 : accuracy > 255 ? 255 : accuracy;
    if (own.has(Active::kThrash)) own.thrash_accuracy = static_cast<std::uint8_t>(accuracy);
    if (own.has(Active::kRage)) own.rage_accuracy = static_cast<std::uint8_t>(accuracy);
    if (foe.has(Active::kTrapped) && target != side) return true;
    if (chance_.chance(Roll::Hit, static_cast<std::uint32_t>(accuracy), 256)) return true;
    emit(event::MarkMove{event::Mark::Miss});
    emit(event::Miss{side});
    if (accuracy == 255) hint(event::HintText::FullAccuracyMiss);
    return false;
}

template <class C, class S>
int Rules<C, S>::multi_hit(int side, int target, const MoveData& move, int depth) {
    static constexpr std::uint8_t kHits[8] = {2, 2, 2, 3, 3, 3, 4, 5};
    const bool twice = move.effect == Effect::DoubleHit;
    const int wanted = twice ? 2 : static_cast<int>(chance_.sample(Roll::HitCount, kHits, 8));
    int done = 0, damage = 0, repeated = kNoDamage;
    while (done < wanted && pokemon(target).hp && pokemon(side).hp) {
        const int dealt = move_hit(side, target, move, done + 1, done + 1 == wanted, repeated, depth);
        if (dealt == kFailed) break;
        damage = dealt == kNoDamage ? 0 : dealt;
        if (done++ == 0) repeated = damage;
        if (pokemon(target).flags & Pokemon::kSubstituteBroke) break;
    }
    if (done == 0) return 1;
    emit(event::HitCount{target, done});
    return damage;
}

// One hit [moveHit]. hit: 1, 2, ... of a move that hits repeatedly, else 0; repeated: the damage of its first hit.
template <class C, class S>
int Rules<C, S>::move_hit(int side, int target, const MoveData& move, int hit, bool last_hit, int repeated, int depth) {
    if (move_fails_first(side, target, move)) return kFailed;
    const bool had_substitute = target != side && active(target).has(Active::kSubstitute);
    if (had_substitute && move.category == Category::Status && substitute_blocks(move)) {
        emit(event::Fail{target, event::FailReason::None, Status::None});
        return kFailed;
    }
    if (had_substitute && move.category != Category::Status) {
        if (hit_substitute(side, target, move, hit) == kFailed) return kFailed;
        hit_self_effect(side, move, !active(target).has(Active::kSubstitute));
        return 0;
    }
    int damage = repeated == kNoDamage ? damage_of(side, target, move) : repeated;
    if (damage == kFailed) return kFailed;
    bool did_something = false;
    if (damage != kNoDamage) {
        if (damage > pokemon(target).hp) damage = pokemon(target).hp;
        deal(side, target, move, damage);
        did_something = true;
    }
    if (move.effect != Effect::None && !apply_effect(side, target, move, depth, did_something)) return kFailed;
    if (active(target).has(Active::kRage) && move.category != Category::Status && move.effect != Effect::Explode &&
        active(target).boosts[0] < 6)
        boost(target, Stat::Attack, 1, true);
    hit_self_effect(side, move, false);
    if (move.secondary != Secondary::None && last_hit && pokemon(target).hp) secondary(side, target, move);
    return damage;
}

// Checks of a few moves [the moves' onTryHit]; true: the move fails, with its message.
template <class C, class S>
bool Rules<C, S>::move_fails_first(int side, int target, const MoveData& move) {
    const Active& own = active(side);
    auto reason = event::FailReason::None;
    bool fails = false;
    switch (move.effect) {
        case Effect::Splash: emit(event::Nothing{}); break;
        case Effect::LightScreen: fails = own.has(Active::kLightScreen); break;
        case Effect::Reflect: fails = own.has(Active::kReflect); break;
        case Effect::Disable: {
            const Active& foe = active(target);
            fails = true;
            for (int slot = 0; slot < kMoveSlots; ++slot) fails &= !foe.moves[slot] || !foe.pp[slot];
            break;
        }
        case Effect::Substitute:
            fails = own.has(Active::kSubstitute) || 4 * pokemon(side).hp < pokemon(side).max_hp;
            reason = own.has(Active::kSubstitute) ? event::FailReason::Substitute : event::FailReason::Weak;
            break;
        default: return false;
    }
    if (fails) emit(event::Fail{target, reason, Status::None});
    return fails;
}

// A Substitute blocks poison, lowered stats and confusion, but no other status move.
template <class C, class S>
bool Rules<C, S>::substitute_blocks(const MoveData& move) const {
    return move.effect == Effect::Poison || move.effect == Effect::Toxic || move.effect == Effect::Boost ||
           move.effect == Effect::Confuse;
}

// [the Substitute's onTryHit]; kFailed: the move had no damage to do.
template <class C, class S>
int Rules<C, S>::hit_substitute(int side, int target, const MoveData& move, int hit) {
    const int damage = hit > 1 ? static_cast<int>(battle_.last_damage & INT32_MAX) : damage_of(side, target, move);
    if (damage == kFailed || damage == kNoDamage) return kFailed;
    const auto uncapped = static_cast<std::uint32_t>(damage);
    damage_substitute(target, uncapped);
    if (!active(target).has(Active::kSubstitute)) return damage;
    if (uncapped) recoil(side, move, uncapped);
    if (move.effect == Effect::Drain || move.effect == Effect::DreamEater) drain(side, uncapped);
    if (move.secondary == Secondary::Confusion && chance_.chance(Roll::Secondary, move.chance, 256)) {
        confuse(target, false);
        hint(event::HintText::SubstituteConfusion);
    }
    return damage;
}

template <class C, class S>
void Rules<C, S>::damage_substitute(int side, std::uint32_t damage) {
    Active& own = active(side);
    battle_.last_damage = damage;
    if (damage < own.substitute) {
        own.substitute = static_cast<std::uint8_t>(own.substitute - damage);
        emit(event::Activate{side, event::Activated::SubstituteDamage});
        return;
    }
    own.substitute = 0;
    own.volatiles &= ~Active::kSubstitute;
    emit(event::End{side, event::Condition::Substitute, false});
    pokemon(side).flags |= Pokemon::kSubstituteBroke;
}

// The effect of a hit on its user; of these only a trap takes hold if a Substitute broke.
template <class C, class S>
void Rules<C, S>::hit_self_effect(int side, const MoveData& move, bool substitute_broke) {
    Active& own = active(side);
    if (move.effect == Effect::Trap) return add_trapping(side, move);
    if (substitute_broke || !pokemon(side).hp) return;
    if (move.effect == Effect::HyperBeam) own.volatiles |= Active::kRecharging;
    if (move.effect != Effect::Rage || own.has(Active::kRage)) return;
    own.volatiles |= Active::kRage;
    own.rage_accuracy = 255;
}

template <class C, class S>
void Rules<C, S>::secondary(int side, int target, const MoveData& move) {
    static constexpr Status kStatus[] = {Status::None, Status::Burn, Status::Freeze, Status::Paralysis, Status::Poison};
    const bool type_bound = move.secondary == Secondary::Burn || move.secondary == Secondary::Freeze ||
                            move.secondary == Secondary::Paralyze;
    if (type_bound && has_type(active(target), move.type)) return;
    if (!chance_.chance(Roll::Secondary, move.chance, 256)) return;
    switch (move.secondary) {
        case Secondary::Flinch:
            active(target).volatiles |= Active::kFlinched;
            active(target).volatiles &= ~Active::kRecharging;
            break;
        case Secondary::Confusion: confuse(target, false); break;
        case Secondary::Lower: apply_boost(side, target, move, -1); break;
        default: apply_status(side, target, kStatus[static_cast<int>(move.secondary)], move, true);
    }
}

}  // namespace gen1
