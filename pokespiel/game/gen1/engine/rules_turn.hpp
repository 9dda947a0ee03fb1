// The order of a turn: choices, speed, actions, switching, fainting, the residual phase, the next request.
#pragma once

#include "rules.hpp"

namespace gen1 {

template <class C, class S>
void Rules<C, S>::step(Choice first, Choice second) {
    const bool moves = battle_.requests[0] == Request::Move;
    battle_.requests[0] = battle_.requests[1] = Request::None;
    if (moves)
        play_turn(first, second);
    else
        replace_fainted(first, second);
}

template <class C, class S>
void Rules<C, S>::start() {
    emit(event::Blank{});
    emit(event::TeamSizes{});
    switch_in(0, 0);
    switch_in(1, 0);
    if (run_switches(0, 1)) end_turn();
}

template <class C, class S>
void Rules<C, S>::play_turn(Choice first, Choice second) {
    open_turn(first, second);
    const int leader = first_to_act();
    emit(event::Blank{});
    spend_update_tie();  // BeforeTurn
    spend_update_tie();  // Update
    if (run_action(leader) && run_action(1 - leader)) close_turn();
}

template <class C, class S>
void Rules<C, S>::open_turn(Choice first, Choice second) {
    update_speeds();
    actions_[0] = commit(0, first);
    actions_[1] = commit(1, second);
}

template <class C, class S>
void Rules<C, S>::close_turn() {
    residual();
    if (settle()) end_turn();
}

// One side or, after a double knock-out, both send in a Pokemon; the turn ends with that.
template <class C, class S>
void Rules<C, S>::replace_fainted(Choice first, Choice second) {
    update_speeds();
    emit(event::Blank{});
    if (first == kPass || second == kPass) {
        const int side = first == kPass;
        switch_in(side, switch_position(side ? second : first));
        spend_update_tie();
        run_switch(side);
        if (settle()) end_turn();
        return;
    }
    const int speeds[2] = {active(0).modified[2], active(1).modified[2]};
    const int leader = speeds[0] == speeds[1] ? static_cast<int>(chance_.extra(2)) : speeds[1] > speeds[0];
    switch_in(leader, switch_position(leader ? second : first));
    switch_in(1 - leader, switch_position(leader ? first : second));
    if (run_switches(leader, 1 - leader)) end_turn();
}

// Two Pokemon have entered; effects on entry run in order of Speed.
template <class C, class S>
bool Rules<C, S>::run_switches(int first_in, int second_in) {
    const int difference = active(second_in).speed - active(first_in).speed;
    const bool second_leads = difference ? difference > 0 : chance_.extra(2) == 0;
    spend_update_tie();
    run_switch(second_leads ? second_in : first_in);
    if (!settle()) return false;
    run_switch(second_leads ? first_in : second_in);
    return settle();
}

// Commit a choice, and record what the games remember of it [Side#commitChoices].
template <class C, class S>
typename Rules<C, S>::Action Rules<C, S>::commit(int side, Choice choice) {
    Action action;
    action.speed = active(side).modified[2];
    if (is_switch(choice)) {
        action.kind = Action::kSwitch;
        action.move = static_cast<std::uint8_t>(switch_position(choice));
    } else {
        action.kind = Action::kMove;
        action.move = select_move(side, choice);
        action.priority = action.move <= kMoveCount ? kMoves[action.move].priority : 0;
    }
    return action;
}

template <class C, class S>
std::uint8_t Rules<C, S>::select_move(int index, Choice choice) {
    Side& side = side_of(index);
    const Active& own = side.active;
    const std::uint8_t remembered = own.moves[side.last_selected_slot];
    if (hard_locked(own) || semi_locked(own) || asleep_or_frozen(side.pokemon())) {
        if (remembered) side.last_selected_enemy = remembered;
    } else if (own.has(Active::kTrapped)) {
        side.last_selected = side.last_selected_enemy = kCannotMove;
    } else if (!(usable_moves(own) >> (choice - 1) & 1) || own.moves[choice - 1] == kStruggle) {
        side.last_selected = side.last_selected_enemy = kStruggle;
    } else {
        side.last_selected_slot = static_cast<std::uint8_t>(choice - 1);
        side.last_selected = side.last_move = side.last_selected_enemy = own.moves[choice - 1];
    }
    return side.last_selected;
}

// The side that acts first: switches before moves, then priority, then Speed, then a coin.
template <class C, class S>
int Rules<C, S>::first_to_act() {
    const Action &a = actions_[0], &b = actions_[1];
    if (a.kind != b.kind) return b.kind == Action::kSwitch;
    if (a.priority != b.priority) return b.priority > a.priority;
    if (a.speed != b.speed) return b.speed > a.speed;
    return static_cast<int>(chance_.range(Roll::SpeedTie, 0, 2));
}

// Run a side's action; false: the turn stops here (a request, or the end).
template <class C, class S>
bool Rules<C, S>::run_action(int side) {
    const Action action = actions_[side];
    actions_[side].kind = Action::kNone;
    if (action.kind == Action::kMove) {
        run_move(side, action.move);
        return settle();
    }
    switch_in(side, action.move);
    spend_update_tie();
    run_switch(side);
    return settle();
}

// After an action: handle fainting; false if a request or the end follows [the second half of runAction].
template <class C, class S>
bool Rules<C, S>::settle() {
    if (fainting_count_) {
        resolve_faints();
        if (battle_.ended()) return false;
        for (int side = 0; side < 2; ++side)
            battle_.requests[side] = pokemon(side).hp ? Request::None : Request::Switch;
        return false;
    }
    spend_update_tie();
    return true;
}

template <class C, class S>
void Rules<C, S>::resolve_faints() {
    for (int i = 0; i < fainting_count_; ++i) {
        const int side = fainting_[i];
        emit(event::Faint{side});
        --side_of(side).left;
        side_of(side).fainted_this_turn = 1;
        reset_active(side);
        pokemon(side).status = Status::None;
        pokemon(side).sleep = 0;
        pokemon(side).flags &= static_cast<std::uint8_t>(~Pokemon::kRested);
    }
    fainting_count_ = 0;
    const bool out[2] = {side_of(0).left == 0, side_of(1).left == 0};
    if (out[0] && out[1])
        finish(Result::Tie);
    else if (out[0] || out[1])
        finish(out[1] ? Result::P1Wins : Result::P2Wins);
}

template <class C, class S>
void Rules<C, S>::finish(Result result) {
    emit(event::Blank{});
    battle_.result = result;
    if (result == Result::Tie)
        emit(event::Tie{});
    else
        emit(event::Win{result == Result::P2Wins});
}

template <class C, class S>
void Rules<C, S>::update_speeds() {
    for (int side = 0; side < 2; ++side)
        if (pokemon(side).hp) active(side).speed = active(side).modified[2];
}

// Showdown sorts the Pokemon on the field by cached Speed at several points; a tie costs a random number [eachEvent].
template <class C, class S>
void Rules<C, S>::spend_update_tie() {
    if (active(0).speed == active(1).speed && pokemon(0).hp && pokemon(1).hp) chance_.extra(2);
}

// Sorting handlers of equal rank costs a random number for each except the last [speedSort].
template <class C, class S>
void Rules<C, S>::spend_shuffle(int size) {
    for (; size > 1; --size) chance_.extra(static_cast<std::uint32_t>(size));
}

template <class C, class S>
void Rules<C, S>::switch_in(int index, int position) {
    Side& side = side_of(index);
    const std::uint8_t entering = side.order[position];
    side.order[position] = side.order[0];
    side.order[0] = entering;
    reset_active(index);
    side.active.speed = side.active.modified[2];
    Active& foe = active(1 - index);
    if (foe.has(Active::kTrapping)) foe.volatiles |= Active::kTrapStale;
    emit(event::Switch{index, event::health(side.pokemon()), entering});
}

// The Pokemon on the field as it enters [clearVolatile].
template <class C, class S>
void Rules<C, S>::reset_active(int index) {
    const Pokemon& own = pokemon(index);
    Active& fresh = active(index);
    fresh = Active{};
    std::memcpy(fresh.stored, own.stats, sizeof own.stats);
    std::memcpy(fresh.modified, own.stats, sizeof own.stats);
    std::memcpy(fresh.moves, own.moves, sizeof own.moves);
    std::memcpy(fresh.pp, own.pp, sizeof own.pp);
    fresh.species = own.species;
    std::memcpy(fresh.types, kSpecies[own.species].types, sizeof fresh.types);
    fresh.speed = own.stats[static_cast<int>(Stat::Speed)];
    if (own.status == Status::Paralysis) scale_stat(fresh, Stat::Speed, 4);
    if (own.status == Status::Burn) scale_stat(fresh, Stat::Attack, 2);
}

// Effects of entering [runSwitch]: toxic poisoning weakens, both last moves are forgotten, and, unless it replaces a
// fainted Pokemon, poison and burn hurt at once.
template <class C, class S>
void Rules<C, S>::run_switch(int index) {
    Side& side = side_of(index);
    if (side.pokemon().status == Status::Toxic) {
        side.pokemon().status = Status::Poison;
        emit(event::StatusStart{index, Status::Poison, kNoMove, true});
    }
    active(0).last_move = active(1).last_move = kNoMove;
    side.last_selected_slot = 0;
    Side& foe = side_of(1 - index);
    const bool trapped_by_metronome = foe.active.has(Active::kTrapping) && foe.pokemon().hp &&
                                      foe.active.moves[foe.last_selected_slot] == kMetronome;
    if (trapped_by_metronome) {
        foe.last_selected = foe.last_selected_enemy = kMetronome;
        if (actions_[1 - index].kind == Action::kMove) {
            actions_[1 - index].move = kMetronome;
            foe.active.speed = foe.active.modified[2];
        }
    }
    const Status status = side.pokemon().status;
    if (side.fainted_this_turn || (status != Status::Poison && status != Status::Burn)) return;
    lose_hp(index, sixteenth(side.pokemon().max_hp));
    const auto reason = status == Status::Burn ? event::DamageReason::Burn : event::DamageReason::Poison;
    emit(event::Damage{index, event::health(side.pokemon()), reason, false});
}

template <class C, class S>
void Rules<C, S>::residual() {
    constexpr std::uint32_t kTimed[] = {Active::kTrapped, Active::kFakeTrapped, Active::kTrapping, Active::kFlinched};
    emit(event::Blank{});
    update_speeds();
    int timed[2] = {0, 0};
    for (int side = 0; side < 2; ++side)
        for (const std::uint32_t bit : kTimed) timed[side] += active(side).has(bit);
    if (timed[0] | timed[1]) {
        if (active(0).speed == active(1).speed) {
            spend_shuffle(timed[0] + timed[1]);
        } else {
            spend_shuffle(timed[0]);
            spend_shuffle(timed[1]);
        }
        expire_durations(active(0));
        expire_durations(active(1));
    }
    emit(event::Upkeep{});
}

template <class C, class S>
void Rules<C, S>::expire_durations(Active& own) {
    own.volatiles &= ~Active::kFlinched;
    if (own.has(Active::kTrapped) && --own.trapped_duration == 0) clear_trapped(own);
    if (own.has(Active::kTrapping) && --own.trap_duration == 0) clear_trapping(own);
    if (own.has(Active::kFakeTrapped) && --own.fake_duration == 0) own.volatiles &= ~Active::kFakeTrapped;
}

template <class C, class S>
void Rules<C, S>::end_turn() {
    ++battle_.turn;
    drop_broken_traps();
    for (int side = 0; side < 2; ++side) {
        spend_disable_ties(side);
        side_of(side).fainted_this_turn = 0;
    }
    if (tie_by_rule()) return finish(Result::Tie);
    emit(event::Turn{battle_.turn});
    request_moves();
}

// A trap holds only while both ends of it stand [the Gen 1 part of endTurn].
template <class C, class S>
void Rules<C, S>::drop_broken_traps() {
    for (int side = 0; side < 2; ++side) {
        Active &own = active(side), &foe = active(1 - side);
        if (!own.has(Active::kTrapping | Active::kTrapped | Active::kFakeTrapped)) continue;
        const bool lost = own.has(Active::kTrapStale) || !foe.has(Active::kTrapped);
        if (own.has(Active::kTrapping) && lost) clear_trapping(own);
        if (own.has(Active::kTrapped) && !foe.has(Active::kTrapping)) clear_trapped(own);
        if (own.has(Active::kFakeTrapped) && !foe.has(Active::kFakeTrapped)) {
            own.volatiles &= ~Active::kFakeTrapped;
            own.fake_duration = 0;
        }
    }
}

template <class C, class S>
void Rules<C, S>::spend_disable_ties(int side) {
    const Active& own = active(side);
    constexpr std::uint32_t kTraps = Active::kTrapping | Active::kTrapped | Active::kFakeTrapped;
    if (!own.has(Active::kDisabled | Active::kBide | kTraps)) return;
    spend_shuffle(own.has(Active::kTrapped) + own.has(Active::kFakeTrapped));
    spend_shuffle(own.has(Active::kDisabled) + own.has(Active::kBide) + own.has(Active::kTrapping));
}

// Whether the request shows moves that may turn out not to be selectable [maybeLocked].
template <class C, class S>
bool Rules<C, S>::may_be_locked(int side) const {
    const Active& own = battle_.sides[side].active;
    if (hard_locked(own)) return false;
    if (own.has(Active::kTrapping) && own.trap_total - own.trap_duration > 1) return true;
    if (own.has(Active::kBide) || asleep_or_frozen(pokemon(side))) return false;
    return own.has(Active::kTrappedLong | Active::kFakeTrapped);
}

template <class C, class S>
void Rules<C, S>::request_moves() {
    for (int side = 0; side < 2; ++side) {
        battle_.requests[side] = Request::Move;
        Active& own = active(side);
        own.volatiles &= ~Active::kMaybeLocked;
        if (may_be_locked(side)) own.volatiles |= Active::kMaybeLocked;
    }
}

// The endless battle check and the turn limit [maybeTriggerEndlessBattleClause].
template <class C, class S>
bool Rules<C, S>::tie_by_rule() {
    if (cannot_progress()) {
        emit(event::EndlessBattle{});
        return true;
    }
    const int turn = battle_.turn;
    if (turn < 500) return false;
    if (turn > 1000) {
        emit(event::TurnLimit{});
        return true;
    }
    if (turn % 100 == 0 || (turn >= 900 && turn % 10 == 0) || turn >= 990) emit(event::TurnsLeft{1000 - turn});
    return false;
}

template <class C, class S>
bool Rules<C, S>::cannot_progress() const {
    const Side& side = side_of(0);
    const Active& own = side.active;
    const bool acts = own.pp[0] | own.pp[1] | own.pp[2] | own.pp[3];
    if (acts && own.moves[0] != kTransform && side.pokemon().status != Status::Freeze) return false;  // nearly always
    return side_cannot_progress(0) && side_cannot_progress(1);
}

template <class C, class S>
bool Rules<C, S>::side_cannot_progress(int index) const {
    const Side &side = side_of(index), &foe = side_of(1 - index);
    const auto moves_of = [](const Side& owner, int i) {
        return i == owner.order[0] ? owner.active.moves : owner.team[i].moves;
    };
    const auto only_transform = [&](const Side& owner, int i) {
        const std::uint8_t* moves = moves_of(owner, i);
        for (int slot = 0; slot < kMoveSlots; ++slot)
            if (moves[slot] && moves[slot] != kTransform) return false;
        return true;
    };
    const auto is_ghost = [&](int i) {
        const Type* types = i == foe.order[0] ? foe.active.types : kSpecies[foe.team[i].species].types;
        return types[0] == Type::Ghost || types[1] == Type::Ghost;
    };
    const auto every_foe = [&](auto condition) {
        for (int i = 0; i < foe.size; ++i)
            if (foe.team[i].hp && !condition(i)) return false;
        return true;
    };
    for (int i = 0; i < side.size; ++i) {
        const Pokemon& member = side.team[i];
        if (!member.hp || member.status == Status::Freeze) continue;
        const std::uint8_t* moves = moves_of(side, i);
        const std::uint8_t* pp = i == side.order[0] ? side.active.pp : member.pp;
        bool empty = true;
        for (int slot = 0; slot < kMoveSlots; ++slot) empty &= !moves[slot] || !pp[slot];
        if (only_transform(side, i) && every_foe([&](int j) { return only_transform(foe, j); })) continue;
        if (empty && every_foe(is_ghost)) continue;
        return false;
    }
    return true;
}

}  // namespace gen1
