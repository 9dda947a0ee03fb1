// Statuses with their clauses, and stages of stats.
#pragma once

#include "rules.hpp"

namespace gen1 {

// [the status part of moveHit]
template <class C, class S>
void Rules<C, S>::apply_status(int side, int target, Status status, const MoveData& move, bool is_secondary) {
    Active& foe = active(target);
    const Status present = pokemon(target).status;
    if (status == Status::Sleep && foe.has(Active::kRecharging) && present != Status::Sleep) {
        if (!set_status(side, target, status, move, is_secondary)) return;
        foe.volatiles &= ~Active::kRecharging;
        hint(event::HintText::RechargeSleep);
    } else if (present == Status::None) {
        if (!set_status(side, target, status, move, is_secondary)) return;
        if (status == Status::Burn) scale_stat(foe, Stat::Attack, 2);
        if (status == Status::Paralysis) scale_stat(foe, Stat::Speed, 4);
    } else if (!is_secondary) {
        const bool same = present == status;
        emit(event::Fail{target, same ? event::FailReason::Status : event::FailReason::None, present});
    }
}

// [setStatus] with the clauses. A clause costs a random number, because two of them listen.
template <class C, class S>
bool Rules<C, S>::set_status(int side, int target, Status status, const MoveData& move, bool is_secondary) {
    Pokemon& foe = pokemon(target);
    if (!foe.hp) return false;
    const bool poisons = status == Status::Poison || status == Status::Toxic;
    if (poisons && has_type(active(target), Type::Poison)) {
        if (!is_secondary) emit(event::Immune{target, false});
        return false;
    }
    chance_.extra(2);
    if (prevented_by_clause(side, target, status)) return false;
    foe.status = status;
    foe.sleep = 0;
    foe.flags &= static_cast<std::uint8_t>(~Pokemon::kRested);
    if (status == Status::Sleep) {
        begin_sleep(target, move, false);
        return true;
    }
    emit(event::StatusStart{target, status, kNoMove, false});
    if (status == Status::Toxic) {
        active(target).volatiles |= Active::kToxicCounter;
        active(target).toxic = 0;
    }
    return true;
}

template <class C, class S>
void Rules<C, S>::begin_sleep(int target, const MoveData& move, bool rest) {
    Pokemon& foe = pokemon(target);
    emit(event::StatusStart{target, Status::Sleep, move.num, false});
    if (rest) {
        chance_.extra(7);
        foe.sleep = 2;
        foe.flags |= Pokemon::kRested;
    } else {
        foe.sleep = static_cast<std::uint8_t>(chance_.range(Roll::SleepTurns, 1, 8));
    }
}

template <class C, class S>
bool Rules<C, S>::prevented_by_clause(int side, int target, Status status) {
    if (side == target || (status != Status::Sleep && status != Status::Freeze)) return false;
    const Side& team = side_of(target);
    for (int i = 0; i < team.size; ++i) {
        const Pokemon& member = team.team[i];
        if (member.status != status || !member.hp) continue;
        if (status == Status::Freeze) {
            emit(event::FreezeClause{});
            return true;
        }
        if (member.flags & Pokemon::kRested) continue;
        emit(event::SleepClause{});
        hint(event::HintText::SleepClause);
        return true;
    }
    return false;
}

template <class C, class S>
void Rules<C, S>::cure_status(int side, bool silent) {
    Pokemon& self = pokemon(side);
    if (!self.hp || self.status == Status::None) return;
    emit(event::StatusEnd{side, self.status, silent});
    self.status = Status::None;
    self.sleep = 0;
    self.flags &= static_cast<std::uint8_t>(~Pokemon::kRested);
}

// A move's change of stages. Any that succeeds also lowers the foe's Attack again if it is burned, and its Speed if it
// is paralyzed [the boosts part of moveHit].
template <class C, class S>
bool Rules<C, S>::apply_boost(int side, int target, const MoveData& move, int amount) {
    const bool status_move = move.category == Category::Status;
    bool changed = false;
    if (status_move && side != target && amount < 0 && active(target).has(Active::kMist))
        emit(event::Activate{target, event::Activated::Mist});
    else
        changed = boost(target, move.stat, amount, false);
    if (!changed) {
        emit(event::Fail{target, event::FailReason::None, Status::None});
        return false;
    }
    const Status status = pokemon(1 - side).status;
    if (status == Status::Paralysis) scale_stat(active(1 - side), Stat::Speed, 4);
    if (status == Status::Burn) scale_stat(active(1 - side), Stat::Attack, 2);
    return true;
}

// [Battle#boost]; false: nothing changed. Special is two stats to Showdown: two lines.
template <class C, class S>
bool Rules<C, S>::boost(int target, Stat which, int amount, bool rage) {
    using event::BoostStat;
    static constexpr BoostStat kNames[] = {BoostStat::atk, BoostStat::def, BoostStat::spe, BoostStat::spa,
                                           BoostStat::accuracy, BoostStat::evasion};
    if (!pokemon(target).hp) return false;
    bool at_limit = false;
    const bool changed = boost_by(target, which, amount, at_limit);
    if (!changed && !at_limit) return false;
    const int lines = which == Stat::Special ? 2 : 1;
    for (int line = 0; line < lines; ++line) {
        const BoostStat name = line ? BoostStat::spd : kNames[static_cast<int>(which)];
        emit(event::Boost{target, name, amount, rage});
        if (!at_limit) continue;
        emit(event::Boost{target, name, amount > 0 ? -1 : 1, false});
        hint(amount > 0 ? event::HintText::BoostLimit : event::HintText::DropLimit);
    }
    return changed;
}

// [boostBy]. A stat at 999 or 1 does not change: its stages move by the amount and one back (at_limit).
template <class C, class S>
bool Rules<C, S>::boost_by(int target, Stat which, int amount, bool& at_limit) {
    Active& own = active(target);
    std::int8_t& stage = own.boosts[static_cast<int>(which)];
    if (amount > 0 ? stage >= 6 : stage <= -6) return false;
    const int raised = stage + amount;
    stage = static_cast<std::int8_t>(raised > 6 ? 6 : raised < -6 ? -6 : raised);
    if (which == Stat::Accuracy || which == Stat::Evasion) return true;
    std::uint16_t& modified = stat(own.modified, which);
    if (modified == (amount > 0 ? 999 : 1)) {
        stage = static_cast<std::int8_t>(amount > 0 ? stage - 1 : stage + 1);
        at_limit = true;
        return false;
    }
    const int value = stat(own.stored, which) * stage_percent(stage) / 100;
    modified = static_cast<std::uint16_t>(value < 1 ? 1 : amount > 0 && value > 999 ? 999 : value);
    return true;
}

}  // namespace gen1
