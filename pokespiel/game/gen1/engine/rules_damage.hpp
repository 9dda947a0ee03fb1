// How much damage a move does, and the consequences of losing and regaining HP.
#pragma once

#include "formula.hpp"
#include "rules.hpp"

namespace gen1 {

// [getDamage]: kFailed, kNoDamage, or the damage, not yet limited by the target's HP.
template <class C, class S>
int Rules<C, S>::damage_of(int side, int target, const MoveData& move) {
    switch (move.effect) {
        case Effect::Ohko: return 65535;
        case Effect::Counter: return counter_damage(side, target);
        case Effect::Psywave: return psywave_damage(side);
        case Effect::SuperFang: return pokemon(target).hp / 2 ? pokemon(target).hp / 2 : 1;
        case Effect::LevelDamage: return pokemon(side).level;
        case Effect::FixedDamage: return move.parameter;
        case Effect::Trap:
            if (move.type == Type::Normal && has_type(active(target), Type::Ghost)) return 0;
            break;
        default: break;
    }
    const Active& own = active(side);
    if (own.has(Active::kTrapping) && !own.has(Active::kTrapStale) && target != side) return own.trap_damage;
    return move.power ? calculated_damage(side, target, move) : kNoDamage;
}

template <class C, class S>
int Rules<C, S>::calculated_damage(int side, int target, const MoveData& move) {
    const Active& foe = active(target);
    const bool crit = critical(side, move);
    if (crit) emit(event::Critical{target});
    std::uint32_t damage = base_damage(side, target, move, crit);
    if (move.type != Type::Unknown && has_type(active(side), move.type)) damage += damage / 2;
    const auto& row = kTypeChart[static_cast<int>(move.type)];
    const int first = row[static_cast<int>(foe.types[0])];
    const int second = foe.types[0] == foe.types[1] ? 10 : row[static_cast<int>(foe.types[1])];
    damage = typed_damage(damage, move.type, foe.types);
    const int sum = (first == 20) - (first == 5) + (second == 20) - (second == 5);
    if (sum > 0) emit(event::SuperEffective{target});
    if (sum < 0) emit(event::Resisted{target});
    return static_cast<int>(damage > 1 ? chance_.damage(damage) : damage);
}

// The formula before types and the random factor.
template <class C, class S>
std::uint32_t Rules<C, S>::base_damage(int side, int target, const MoveData& move, bool critical) {
    const Active &own = active(side), &foe = active(target);
    const bool physical = move.category == Category::Physical;
    const int attacking = physical ? 0 : 3, defending = physical ? 1 : 3;
    std::uint32_t level = pokemon(side).level, attack, defense;
    if (critical) {
        level *= 2;
        attack = pokemon(side).stats[attacking];
        defense = pokemon(target).stats[defending];
    } else {
        attack = own.modified[attacking];
        defense = foe.modified[defending];
        if (foe.has(physical ? Active::kReflect : Active::kLightScreen)) defense *= 2;
    }
    if (attack >= 1024 || defense >= 1024) hint(event::HintText::StatRollover);
    if ((attack >= 256 || defense >= 256) && (defense / 4 & 255) == 0) hint(event::HintText::DivisionByZero);
    return plain_damage(level, move.power, attack, defense, move.effect == Effect::Explode);
}

// Depends on the species' base Speed alone, not on the species after Transform.
template <class C, class S>
bool Rules<C, S>::critical(int side, const MoveData& move) {
    const std::uint32_t rate =
        critical_rate(pokemon(side).species, active(side).has(Active::kFocusEnergy), move.high_critical);
    return rate && chance_.chance(Roll::Critical, rate, 256);
}

// Twice the last damage, if both games think that the foe's last move can be countered.
template <class C, class S>
int Rules<C, S>::counter_damage(int side, int target) {
    const Side& foe = side_of(target);
    const auto counterable = [](std::uint8_t move) {
        const MoveData& data = kMoves[move <= kMoveCount ? move : 0];
        return (data.type == Type::Normal || data.type == Type::Fighting) && data.power > 0;
    };
    const bool enemy_selected = foe.last_selected_enemy != kCounter, enemy_last = counterable(foe.last_move_enemy);
    const bool own_selected = foe.last_selected != kCounter, own_last = counterable(foe.last_move);
    const bool succeeds = enemy_selected && enemy_last && battle_.last_damage > 0;
    if (succeeds ? own_selected && !own_last
                 : battle_.last_damage > 0 && (enemy_selected || !own_selected) && !enemy_last && own_last) {
        hint(event::HintText::Desync, target);
        hint(event::HintText::CounterAnnounced, target);
    } else if (!succeeds && battle_.last_damage > 0 && !enemy_selected && own_selected && enemy_last) {
        hint(event::HintText::Desync);
        hint(event::HintText::CounterSleep);
    }
    constexpr std::uint32_t kMost = INT32_MAX / 2;
    if (succeeds) return static_cast<int>(2 * (battle_.last_damage < kMost ? battle_.last_damage : kMost));
    emit(event::Fail{side, event::FailReason::None, Status::None});
    return kFailed;
}

template <class C, class S>
int Rules<C, S>::psywave_damage(int side) {
    const std::uint32_t level = pokemon(side).level;
    if (level < 2) {
        hint(event::HintText::PsywaveLevel);
        return kFailed;
    }
    return static_cast<int>(chance_.range(Roll::Psywave, 1, level * 3 / 2));
}

// Take the HP of a hit; draining and recoil follow.
template <class C, class S>
void Rules<C, S>::deal(int side, int target, const MoveData& move, int damage) {
    battle_.last_damage = static_cast<std::uint32_t>(damage);
    lose_hp(target, damage);
    emit(event::Damage{target, event::health(pokemon(target)), event::DamageReason::Move, false});
    if (!damage) return;
    const auto taken = static_cast<std::uint32_t>(damage);
    if (move.effect == Effect::Drain || move.effect == Effect::DreamEater) drain(side, taken);
    recoil(side, move, taken);
}

// Returns the HP lost.
template <class C, class S>
int Rules<C, S>::lose_hp(int side, int amount) {
    if constexpr (requires { sink_.lost(side, amount); }) sink_.lost(side, amount);
    Pokemon& self = pokemon(side);
    if (amount < self.hp) {
        self.hp = static_cast<std::uint16_t>(self.hp - amount);
        return amount;
    }
    const int lost = self.hp;
    faint(side);
    return lost;
}

template <class C, class S>
void Rules<C, S>::recoil(int side, const MoveData& move, std::uint32_t damage) {
    if (move.effect != Effect::Recoil) return;
    const auto divisor = static_cast<std::uint32_t>(move.parameter);
    if constexpr (requires { sink_.recoils(side, divisor); }) sink_.recoils(side, divisor);
    lose_hp(side, static_cast<int>(damage / divisor ? damage / divisor : 1));
    emit(event::Damage{side, event::health(pokemon(side)), event::DamageReason::Recoil, false});
}

template <class C, class S>
void Rules<C, S>::drain(int side, std::uint32_t damage) {
    battle_.last_damage = damage / 2 ? damage / 2 : 1;
    heal(side, static_cast<int>(battle_.last_damage), event::HealReason::Drain);
}

template <class C, class S>
void Rules<C, S>::heal(int side, int amount, event::HealReason reason) {
    Pokemon& self = pokemon(side);
    if constexpr (requires { sink_.gained(side, amount); }) sink_.gained(side, amount);
    if (!amount || !self.hp || self.hp >= self.max_hp) return;
    const int hp = self.hp + amount;
    self.hp = static_cast<std::uint16_t>(hp < self.max_hp ? hp : self.max_hp);
    emit(event::Heal{side, event::health(self), reason});
}

// Confusion and a missed Jump Kick. Behind a Substitute it goes to the foe's Substitute, or nowhere [directDamage].
template <class C, class S>
void Rules<C, S>::hurt_self(int side, int damage, event::DamageReason reason) {
    if (!pokemon(side).hp) return;
    battle_.last_damage = static_cast<std::uint32_t>(damage);
    if (!active(side).has(Active::kSubstitute)) {
        lose_hp(side, damage);
        emit(event::Damage{side, event::health(pokemon(side)), reason, false});
    } else if (active(1 - side).has(Active::kSubstitute)) {
        damage_substitute(1 - side, static_cast<std::uint32_t>(damage));
        hint(event::HintText::SelfHitSubstitute);
    } else {
        hint(event::HintText::SelfHitNoSubstitute);
    }
}

template <class C, class S>
void Rules<C, S>::faint(int side) {
    for (int i = 0; i < fainting_count_; ++i)
        if (fainting_[i] == side) return;
    if constexpr (requires { sink_.fainted(side); }) sink_.fainted(side);
    pokemon(side).hp = 0;
    fainting_[fainting_count_++] = static_cast<std::uint8_t>(side);
}

}  // namespace gen1
