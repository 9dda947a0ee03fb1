// What each event tells a player. If Showdown ends something without a line, its rule is applied here: a Pokemon that
// is fully paralyzed or hurts itself in its confusion loses Bide, a charged move, Thrash and its hold on the foe.
#include <algorithm>
#include <cstdlib>

#include "formula.hpp"
#include "learning.hpp"

namespace gen1 {
namespace {

KnownSide& side_of(Knowledge& knowledge, int side) { return knowledge.sides[knowledge.seat_of(side)]; }
KnownSide& other_side(Knowledge& knowledge, int side) { return knowledge.sides[1 - knowledge.seat_of(side)]; }

void count_up(std::uint8_t& counter) {
    if (counter < 255) counter++;
}

void set(KnownActive& active, std::uint32_t flag, bool on = true) {
    active.flags = on ? active.flags | flag : active.flags & ~flag;
}

bool has(const KnownActive& active, std::uint32_t flag) { return active.flags & flag; }

// It got as far as Disable's turn count in this turn's action.
void act(KnownActive& active) {
    if (active.acted) return;
    active.acted = 1;
    if (has(active, KnownActive::kDisabled)) count_up(active.disabled_turns);
}

void lose_locks(KnownActive& active) {
    set(active, KnownActive::kBide | KnownActive::kCharging | KnownActive::kThrash | KnownActive::kTrapping, false);
}

void hurt_itself(KnownActive& active) {
    lose_locks(active);
    set(active, KnownActive::kInvulnerable | KnownActive::kConfusionPending, false);
}

// The confused Pokemon showed no move before the battle continued: it hurt itself behind a Substitute, without a line.
void settle_confusion(KnownSide& side) {
    if (has(side.active, KnownActive::kConfusionPending)) hurt_itself(side.active);
}

int find_move(const KnownMove (&moves)[kMoveSlots], std::uint8_t move) {
    for (int i = 0; i < kMoveSlots; i++)
        if (moves[i].move == move) return i;
    return -1;
}

// Put a move that the foe has shown into its next free slot.
void reveal_move(Knowledge& knowledge, int index, std::uint8_t move) {
    KnownSide& foe = knowledge.sides[1];
    KnownPokemon& pokemon = foe.party[index];
    if (move == kStruggle || find_move(pokemon.moves, move) >= 0) return;
    const int slot = find_move(pokemon.moves, kNoMove);
    if (slot < 0) return;
    pokemon.moves[slot] = {move, kMoves[move].max_pp, kMoves[move].max_pp, 0};
    if (index == foe.order[0] && !has(foe.active, KnownActive::kTransformed))
        foe.active.moves[slot] = pokemon.moves[slot];
    note_move(knowledge, 1, move);
    mark_member(knowledge, 1, index);
    if (index != foe.order[0]) knowledge.changed = Knowledge::kBothChanged;
}

void reveal_on_field(Knowledge& knowledge, int side, std::uint8_t move) {
    if (knowledge.seat_of(side) == 0) return;
    const KnownSide& foe = knowledge.sides[1];
    if (has(foe.active, KnownActive::kTransformed) || find_move(foe.active.moves, move) >= 0) return;
    reveal_move(knowledge, foe.order[0], move);
}

// Showdown keeps PP in six bits, so that 0 minus 1 is 63. The slot of Mimic shares its PP with the move that fills it.
void spend(KnownSide& side, std::uint8_t move, int amount) {
    const int slot = move ? find_move(side.active.moves, move) : -1;
    if (slot < 0) return;
    KnownMove& used = side.active.moves[slot];
    used.pp = (used.pp - amount) & 63;
    if (!has(side.active, KnownActive::kTransformed)) side.pokemon().moves[slot].pp = used.pp;
}

void pay(KnownSide& side, const event::UseMove& event) {
    KnownActive& active = side.active;
    const MoveData& move = kMoves[event.move];
    if (event.caller == kNoMove) {
        active.root_move = event.move;
        if (!move.two_turn) spend(side, event.move, 1);
    } else if (event.caller == event.move) {
        if (has(active, KnownActive::kCharging)) spend(side, active.root_move, 1);
    } else if (move.two_turn) {
        spend(side, active.root_move, -1);
    }
}

void follow_locks(KnownActive& active, const event::UseMove& event) {
    const bool called = event.caller != kNoMove && event.caller != event.move, locked = event.caller == event.move;
    const MoveData& move = kMoves[event.move];
    set(active, KnownActive::kFresh, false);
    if (!called) set(active, KnownActive::kConfusionPending, false);
    if (locked && has(active, KnownActive::kCharging))
        set(active, KnownActive::kCharging | KnownActive::kInvulnerable, false);
    if (!called && move.effect != Effect::Trap) set(active, KnownActive::kTrapping, false);
    if (move.effect == Effect::Trap) {
        active.trapping_turns = locked ? active.trapping_turns : 0;
        count_up(active.trapping_turns);
        set(active, KnownActive::kTrapping);
    }
    if (!called && move.effect != Effect::Thrash) set(active, KnownActive::kThrash, false);
    if (move.effect == Effect::Thrash) {
        active.thrash_turns = has(active, KnownActive::kThrash) ? active.thrash_turns : 0;
        count_up(active.thrash_turns);
        set(active, KnownActive::kThrash);
    }
    if (move.effect == Effect::Rage && !has(active, KnownActive::kRage))
        set(active, KnownActive::kRage | KnownActive::kFresh);
}

// The move that was just used had no effect: what it would have started has not started.
void undo_fresh(KnownActive& user) {
    if (has(user, KnownActive::kFresh)) set(user, KnownActive::kRage | KnownActive::kFresh, false);
}

void take_health(Knowledge& knowledge, int side, const event::Health& health, bool hit) {
    const int seat = knowledge.seat_of(side);
    KnownPokemon& pokemon = knowledge.sides[seat].pokemon();
    if (hit) knowledge.last_damage[seat] = static_cast<std::int16_t>(std::max(0, pokemon.hp - health.hp));
    set_health(pokemon, health.hp, health.max_hp);
}

}  // namespace

void know_move_of(Knowledge& knowledge, int index, std::uint8_t move) { reveal_move(knowledge, index, move); }

void learn(Knowledge& knowledge, const Typed& event) {
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    active.types[0] = event.types[0];
    active.types[1] = event.types[1];
    set(active, KnownActive::kTypeChanged);
    mark_changed(knowledge, knowledge.seat_of(event.side));
}

void learn(Knowledge& knowledge, const event::UseMove& event) {
    start_event(knowledge);
    knowledge.mover = static_cast<std::uint8_t>(event.side);
    KnownSide& side = side_of(knowledge, event.side);
    KnownSide& foe = other_side(knowledge, event.side);
    settle_confusion(foe);
    const MoveData& move = kMoves[event.move];
    const bool chosen = event.caller == kNoMove, locked = event.caller == event.move;
    if (chosen) reveal_on_field(knowledge, event.side, event.move);
    if (chosen || locked) act(side.active);
    pay(side, event);
    if (!move.two_turn || (locked && has(side.active, KnownActive::kCharging))) side.active.last_move = event.move;
    side.used_move = event.move;
    follow_locks(side.active, event);
    if (move.effect == Effect::Trap) set(foe.active, KnownActive::kRecharging, false);
}

void learn(Knowledge& knowledge, const event::Cant& event) {
    start_event(knowledge);
    KnownSide& side = side_of(knowledge, event.side);
    KnownActive& active = side.active;
    settle_confusion(other_side(knowledge, event.side));
    set(active, KnownActive::kConfusionPending, false);
    switch (event.reason) {
        case event::CantReason::Sleep: count_up(side.pokemon().sleep_turns); [[fallthrough]];
        case event::CantReason::Freeze: active.last_move = kNoMove; break;
        case event::CantReason::Recharge: set(active, KnownActive::kRecharging, false); break;
        case event::CantReason::Paralysis: act(active); lose_locks(active); break;
        case event::CantReason::Disable: act(active); set(active, KnownActive::kCharging, false); break;
        case event::CantReason::Flinch:
        case event::CantReason::Trapped: break;
    }
    if (event.reason != event::CantReason::Flinch) set(active, KnownActive::kTrapping, false);
}

void learn(Knowledge& knowledge, const event::Damage& event) {
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    take_health(knowledge, event.side, event.health, event.reason == event::DamageReason::Move);
    switch (event.reason) {
        case event::DamageReason::Burn:
        case event::DamageReason::Poison:
        case event::DamageReason::LeechSeed:
            if (has(active, KnownActive::kToxicCounter)) count_up(active.toxic_turns);
            break;
        case event::DamageReason::Confusion: hurt_itself(active); break;
        case event::DamageReason::Move:
        case event::DamageReason::Recoil: break;
    }
}

void learn(Knowledge& knowledge, const event::Heal& event) {
    start_event(knowledge);
    take_health(knowledge, event.side, event.health, false);
}

void learn(Knowledge& knowledge, const event::StatusStart& event) {
    start_event(knowledge);
    KnownSide& side = side_of(knowledge, event.side);
    KnownPokemon& pokemon = side.pokemon();
    pokemon.status = event.status;
    pokemon.flags &= static_cast<std::uint8_t>(~KnownPokemon::kRested);
    switch (event.status) {
        case Status::Sleep:
            pokemon.sleep_turns = 0;
            if (kMoves[event.move].effect == Effect::Rest) pokemon.flags |= KnownPokemon::kRested;
            set(side.active, KnownActive::kRecharging, false);
            break;
        case Status::Toxic:
            set(side.active, KnownActive::kToxicCounter);
            side.active.toxic_turns = 0;
            break;
        case Status::Paralysis: scale_stat(side.active, Stat::Speed, 4); break;
        case Status::Burn: scale_stat(side.active, Stat::Attack, 2); break;
        default: break;
    }
    mark_member(knowledge, knowledge.seat_of(event.side), side.order[0]);
}

void learn(Knowledge& knowledge, const event::StatusEnd& event) {
    start_event(knowledge);
    KnownSide& side = side_of(knowledge, event.side);
    KnownPokemon& pokemon = side.pokemon();
    if (event.status == Status::Sleep && !event.silent) side.active.last_move = kNoMove;  // waking took its turn
    pokemon.status = Status::None;
    pokemon.sleep_turns = 0;
    pokemon.flags &= static_cast<std::uint8_t>(~KnownPokemon::kRested);
    mark_member(knowledge, knowledge.seat_of(event.side), side.order[0]);
}

namespace {

int stat_of(event::BoostStat stat) {
    using event::BoostStat;
    switch (stat) {
        case BoostStat::atk: return 0;
        case BoostStat::def: return 1;
        case BoostStat::spe: return 2;
        case BoostStat::spa:
        case BoostStat::spd: return 3;
        case BoostStat::accuracy: return 4;
        case BoostStat::evasion: return 5;
    }
    return 0;
}

void restage(KnownActive& active, int stat, bool raised) {
    const int value = std::max(1, active.stored[stat] * stage_percent(active.boosts[stat]) / 100);
    active.modified[stat] = static_cast<std::uint16_t>(raised ? std::min(value, 999) : value);
}

// A move that changes stages applies the stat drops by paralysis and burn to its user's foe again.
void drop_again(KnownSide& side) {
    if (side.pokemon().status == Status::Paralysis) scale_stat(side.active, Stat::Speed, 4);
    if (side.pokemon().status == Status::Burn) scale_stat(side.active, Stat::Attack, 2);
}

void take_back_stages(Knowledge& knowledge) {
    for (int seat = 0; seat < 2; seat++)
        std::copy_n(knowledge.before_boost[seat], 4, knowledge.sides[seat].active.modified);
}

}  // namespace

// A stat that is at 999 or at 1 already shows the change and then one stage back; it stays as it was. Special is one stat
// with two lines, of which the second adds nothing.
void learn(Knowledge& knowledge, const event::Boost& event) {
    const int seat = knowledge.seat_of(event.side), stat = stat_of(event.stat);
    const bool raised = event.amount > 0;
    const bool stepped_back = knowledge.boosted == seat + 1 && knowledge.boost_stat == event.stat &&
                              knowledge.boost_raised != raised && std::abs(event.amount) == 1;
    start_event(knowledge);
    if (event.stat == event::BoostStat::spd) return;
    KnownActive& active = knowledge.sides[seat].active;
    active.boosts[stat] = static_cast<std::int8_t>(std::clamp(active.boosts[stat] + event.amount, -6, 6));
    knowledge.changed = Knowledge::kBothChanged;
    if (stepped_back) {
        take_back_stages(knowledge);
        return;
    }
    knowledge.boosted = static_cast<std::uint8_t>(seat + 1);
    knowledge.boost_stat = event.stat;
    knowledge.boost_raised = raised;
    for (int i = 0; i < 2; i++) std::copy_n(knowledge.sides[i].active.modified, 4, knowledge.before_boost[i]);
    if (stat < 4) restage(active, stat, raised);
    if (!event.rage) drop_again(other_side(knowledge, knowledge.mover));
}

void learn(Knowledge& knowledge, const event::HazeUsed&) {
    start_event(knowledge);
    for (KnownSide& side : knowledge.sides) {
        std::fill_n(side.active.boosts, 6, std::int8_t{0});
        std::copy_n(side.active.stored, 4, side.active.modified);
    }
    knowledge.changed = Knowledge::kBothChanged;
}

namespace {

// Conditions that the damage formula depends on.
bool in_formula(event::Condition condition) {
    using event::Condition;
    return condition == Condition::FocusEnergy || condition == Condition::LightScreen || condition == Condition::Reflect;
}

void mimic(Knowledge& knowledge, const event::Start& event) {
    KnownSide& side = side_of(knowledge, event.side);
    reveal_on_field(knowledge, 1 - event.side, event.move);
    const int slot = side.active.root_move ? find_move(side.active.moves, side.active.root_move) : -1;
    set(side.active, KnownActive::kMimicked);
    if (slot < 0) return;
    KnownMove& copied = side.active.moves[slot];
    copied = {event.move, copied.pp, kMoves[event.move].max_pp, 0};
    note_move(knowledge, knowledge.seat_of(event.side), event.move);
}

void disable(Knowledge& knowledge, const event::Start& event) {
    reveal_on_field(knowledge, event.side, event.move);
    KnownActive& active = side_of(knowledge, event.side).active;
    set(active, KnownActive::kDisabled);
    active.disabled_move = event.move;
    active.disabled_turns = 0;
    const int slot = find_move(active.moves, event.move);
    if (slot >= 0) active.moves[slot].disabled = 1;
}

}  // namespace

void learn(Knowledge& knowledge, const event::Start& event) {
    using event::Condition;
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    switch (event.condition) {
        case Condition::Bide:
            act(active);
            set(active, KnownActive::kBide);
            set(active, KnownActive::kConfusionPending, false);
            active.bide_turns = 0;
            break;
        case Condition::Confusion:
            set(active, KnownActive::kConfused);
            active.confused_turns = 0;
            if (event.silent) set(active, KnownActive::kThrash, false);
            break;
        case Condition::Disable: disable(knowledge, event); break;
        case Condition::Mimic: mimic(knowledge, event); break;
        case Condition::FocusEnergy: set(active, KnownActive::kFocusEnergy); break;
        case Condition::LeechSeed: set(active, KnownActive::kSeeded); break;
        case Condition::LightScreen: set(active, KnownActive::kLightScreen); active.light_screen_turns = 0; break;
        case Condition::Reflect: set(active, KnownActive::kReflect); active.reflect_turns = 0; break;
        case Condition::Mist: set(active, KnownActive::kMist); break;
        case Condition::Substitute: set(active, KnownActive::kSubstitute); active.substitute_hits = 0; break;
        case Condition::ToxicCounter:
        case Condition::TypeChange:
        case Condition::Trapped: break;
    }
    if (in_formula(event.condition)) mark_changed(knowledge, knowledge.seat_of(event.side));
}

void learn(Knowledge& knowledge, const event::End& event) {
    using event::Condition;
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    KnownActive& other = other_side(knowledge, event.side).active;
    switch (event.condition) {
        case Condition::Bide:
            act(active);
            set(active, KnownActive::kBide | KnownActive::kConfusionPending, false);
            break;
        case Condition::Confusion: set(active, KnownActive::kConfused, false); break;
        case Condition::Disable:
            set(active, KnownActive::kDisabled, false);
            for (KnownMove& move : active.moves) move.disabled = 0;
            break;
        case Condition::FocusEnergy: set(active, KnownActive::kFocusEnergy, false); break;
        case Condition::LeechSeed: set(active, KnownActive::kSeeded, false); break;
        case Condition::LightScreen: set(active, KnownActive::kLightScreen, false); break;
        case Condition::Reflect: set(active, KnownActive::kReflect, false); break;
        case Condition::Mist: set(active, KnownActive::kMist, false); break;
        case Condition::Substitute:
            set(active, KnownActive::kSubstitute, false);
            undo_fresh(other);
            break;
        case Condition::ToxicCounter: set(active, KnownActive::kToxicCounter, false); break;
        case Condition::Trapped: set(other, KnownActive::kTrapping, false); break;
        case Condition::Mimic:
        case Condition::TypeChange: break;
    }
    if (in_formula(event.condition)) mark_changed(knowledge, knowledge.seat_of(event.side));
}

void learn(Knowledge& knowledge, const event::Activate& event) {
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    switch (event.what) {
        case event::Activated::Bide:
            act(active);
            count_up(active.bide_turns);
            set(active, KnownActive::kConfusionPending, false);
            break;
        case event::Activated::Confusion:
            settle_confusion(other_side(knowledge, event.side));
            act(active);
            count_up(active.confused_turns);
            set(active, KnownActive::kConfusionPending);
            break;
        case event::Activated::SubstituteDamage: count_up(active.substitute_hits); break;
        case event::Activated::Mist: break;
    }
}

void learn(Knowledge& knowledge, const event::Transformed& event) {
    start_event(knowledge);
    KnownSide& side = side_of(knowledge, event.side);
    const KnownSide& model = other_side(knowledge, event.side);
    KnownActive& active = side.active;
    std::copy_n(model.active.stored, 4, active.stored);
    std::copy_n(model.active.modified, 4, active.modified);
    std::copy_n(model.active.boosts, 6, active.boosts);
    std::copy_n(model.active.types, 2, active.types);
    active.species = model.active.species;
    for (int i = 0; i < kMoveSlots; i++) {
        const std::uint8_t move = model.active.moves[i].move;
        active.moves[i] = {move, std::min<std::uint8_t>(5, kMoves[move].pp), kMoves[move].max_pp, 0};
    }
    set(active, KnownActive::kTransformed);
    set(active, KnownActive::kMimicked | KnownActive::kTypeChanged, false);
    const bool tampered = has(model.active, KnownActive::kTransformed | KnownActive::kMimicked);
    side.transform_of = tampered ? 0 : static_cast<std::uint8_t>(model.order[0] + 1);
    mark_changed(knowledge, knowledge.seat_of(event.side));
}

void learn(Knowledge& knowledge, const event::Prepare& event) {
    start_event(knowledge);
    KnownActive& active = side_of(knowledge, event.side).active;
    active.charging_move = event.move;
    set(active, KnownActive::kCharging);
    if (kMoves[event.move].effect == Effect::Fly) set(active, KnownActive::kInvulnerable);
}

void learn(Knowledge& knowledge, const event::Miss& event) {
    start_event(knowledge);
    KnownActive& user = side_of(knowledge, event.side).active;
    set(user, KnownActive::kTrapping, false);
    undo_fresh(user);
}

void learn(Knowledge& knowledge, const event::Immune& event) {
    start_event(knowledge);
    KnownActive& user = other_side(knowledge, event.side).active;
    set(user, KnownActive::kTrapping, false);
    undo_fresh(user);
}

void learn(Knowledge& knowledge, const event::MustRecharge& event) {
    start_event(knowledge);
    set(side_of(knowledge, event.side).active, KnownActive::kRecharging);
}

void learn(Knowledge& knowledge, const event::Faint& event) {
    start_event(knowledge);
    KnownSide& side = side_of(knowledge, event.side);
    KnownPokemon& pokemon = side.pokemon();
    set_health(pokemon, 0, pokemon.max_hp);
    pokemon.status = Status::None;
    side.fainted += !(pokemon.flags & KnownPokemon::kFainted);
    pokemon.flags |= KnownPokemon::kFainted;
    enter_field(side);
    set(other_side(knowledge, event.side).active, KnownActive::kTrapping, false);
    mark_changed(knowledge, knowledge.seat_of(event.side));
}

void learn(Knowledge& knowledge, const event::Upkeep&) {
    start_event(knowledge);
    for (KnownSide& side : knowledge.sides) settle_confusion(side);
}

void learn(Knowledge& knowledge, const event::Turn& event) {
    start_event(knowledge);
    knowledge.turn = static_cast<std::uint16_t>(event.turn);
    for (KnownSide& side : knowledge.sides) {
        KnownActive& active = side.active;
        settle_confusion(side);
        active.acted = 0;
        count_up(active.turns);
        if (has(active, KnownActive::kReflect)) count_up(active.reflect_turns);
        if (has(active, KnownActive::kLightScreen)) count_up(active.light_screen_turns);
        if (active.trapping_turns >= 5) set(active, KnownActive::kTrapping, false);
    }
}

void learn(Knowledge& knowledge, Result result) {
    start_event(knowledge);
    knowledge.result = static_cast<std::uint8_t>(result);
}

}  // namespace gen1
