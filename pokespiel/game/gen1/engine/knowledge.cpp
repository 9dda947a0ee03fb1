// Knowledge before the first event, Pokemon that appear, and what a request adds. The events are in learn.cpp.
#include "knowledge.hpp"

#include <algorithm>

#include "learning.hpp"

namespace gen1 {

std::uint16_t highest_stat(int species, int level, Stat stat) {
    const SpeciesData& base = kSpecies[species];
    const int by_stat[] = {base.attack, base.defense, base.speed, base.special};
    return static_cast<std::uint16_t>((by_stat[static_cast<int>(stat)] * 2 + 93) * level / 100 + 5);
}

std::uint16_t highest_hp(int species, int level) {
    return static_cast<std::uint16_t>((kSpecies[species].hp * 2 + 93) * level / 100 + level + 10);
}

Knowledge know_nothing(int player, int foe_size) {
    Knowledge knowledge{};
    knowledge.player = static_cast<std::uint8_t>(player);
    knowledge.sides[1].size = static_cast<std::uint8_t>(foe_size);
    for (KnownSide& side : knowledge.sides)
        for (int i = 0; i < kTeamSize; i++) side.order[i] = static_cast<std::uint8_t>(i);
    knowledge.changed = Knowledge::kBothChanged;
    knowledge.stale[0] = knowledge.stale[1] = (1 << kTeamSize) - 1;
    return knowledge;
}

void know_own(Knowledge& knowledge, int index, const OwnPokemon& own) {
    KnownSide& side = knowledge.sides[0];
    KnownPokemon& pokemon = side.party[index];
    set_health(pokemon, own.hp, own.max_hp);
    pokemon.full_hp = own.max_hp;
    std::copy(own.stats, own.stats + 4, pokemon.stats);
    pokemon.species = own.species;
    pokemon.level = own.level;
    pokemon.status = own.status;
    pokemon.flags = KnownPokemon::kRevealed;
    if (own.hp == 0) {
        pokemon.flags |= KnownPokemon::kFainted;
        side.fainted++;
    }
    for (int i = 0; i < kMoveSlots; i++) {
        pokemon.moves[i] = {own.moves[i], own.pp[i], kMoves[own.moves[i]].max_pp, 0};
        note_move(knowledge, 0, own.moves[i]);
    }
    side.size = side.known = std::max<std::uint8_t>(side.size, static_cast<std::uint8_t>(index + 1));
}

namespace {

bool matches(const KnownPokemon& pokemon, const Appeared& event, bool health_too) {
    if (pokemon.species != event.species || pokemon.level != event.level || pokemon.flags & KnownPokemon::kFainted)
        return false;
    return !health_too || (pokemon.hp == event.health.hp && pokemon.status == event.health.status);
}

// Which of the foe's Pokemon this is. Nothing changes on the bench, so a known one shows the HP and status it had when it
// left; only formats that allow two of a species can leave this open, and then the first match is used.
int identify(const KnownSide& foe, const Appeared& event) {
    for (const bool health_too : {true, false}) {
        for (int i = 0; i < foe.known; i++)
            if (matches(foe.party[i], event, health_too)) return i;
        if (foe.known < foe.size) return foe.known;
    }
    return foe.order[0];
}

void reveal_pokemon(KnownSide& foe, int index, const Appeared& event) {
    KnownPokemon& pokemon = foe.party[index];
    pokemon = {};
    pokemon.species = event.species;
    pokemon.level = event.level;
    pokemon.flags = KnownPokemon::kRevealed;
    pokemon.full_hp = highest_hp(event.species, event.level);
    for (int i = 0; i < 4; i++) pokemon.stats[i] = highest_stat(event.species, event.level, static_cast<Stat>(i));
    foe.known = std::max<std::uint8_t>(foe.known, static_cast<std::uint8_t>(index + 1));
}

// The player's party is ordered as in Showdown; the foe's starts with the Pokemon on the field, then by revelation.
void put_on_field(KnownSide& side, int index, bool own) {
    std::uint8_t* const end = side.order + kTeamSize;
    std::uint8_t* const place = std::find(side.order, end, static_cast<std::uint8_t>(index));
    std::swap(side.order[0], *place);
    if (!own) std::sort(side.order + 1, end);
}

}  // namespace

void enter_field(KnownSide& side) {
    const KnownPokemon& pokemon = side.pokemon();
    KnownActive& active = side.active = {};
    std::copy(pokemon.stats, pokemon.stats + 4, active.stored);
    std::copy(pokemon.stats, pokemon.stats + 4, active.modified);
    std::copy(pokemon.moves, pokemon.moves + kMoveSlots, active.moves);
    active.species = pokemon.species;
    active.types[0] = kSpecies[pokemon.species].types[0];
    active.types[1] = kSpecies[pokemon.species].types[1];
    if (pokemon.status == Status::Paralysis) scale_stat(active, Stat::Speed, 4);
    if (pokemon.status == Status::Burn) scale_stat(active, Stat::Attack, 2);
    side.transform_of = 0;
}

void learn(Knowledge& knowledge, const Appeared& event) {
    start_event(knowledge);
    const int seat = knowledge.seat_of(event.side);
    KnownSide& side = knowledge.sides[seat];
    int index = event.index;
    if (seat == 1) {
        index = identify(side, event);
        if (index >= side.known || side.party[index].species != event.species) {
            reveal_pokemon(side, index, event);
            mark_member(knowledge, seat, index);
        }
    }
    put_on_field(side, index, seat == 0);
    KnownPokemon& pokemon = side.pokemon();
    if (pokemon.status != event.health.status) mark_member(knowledge, seat, index);
    set_health(pokemon, event.health.hp, event.health.max_hp);
    if (seat == 0) pokemon.full_hp = event.health.max_hp;
    pokemon.status = event.health.status;
    enter_field(side);
    KnownActive& opposite = knowledge.sides[1 - seat].active;
    opposite.flags &= ~KnownActive::kTrapping;
    opposite.last_move = kNoMove;  // a switch clears this for both sides
    // The one that leaves changed too, unless its damages were worked out since: then so does all between the parties.
    if (knowledge.changed >> seat & 1) knowledge.changed = Knowledge::kBothChanged;
    mark_changed(knowledge, seat);
}

namespace {

// After the player's Transform the request lists the moves of the copied Pokemon.
void learn_copied_moves(Knowledge& knowledge) {
    KnownSide& own = knowledge.sides[0];
    if (own.transform_of) {
        for (const KnownMove& move : own.active.moves)
            if (move.move) know_move_of(knowledge, own.transform_of - 1, move.move);
        own.transform_of = 0;
    }
}

void correct_moves(Knowledge& knowledge, const Ask& ask) {
    KnownSide& own = knowledge.sides[0];
    KnownActive& active = own.active;
    const bool transformed = active.flags & KnownActive::kTransformed;
    for (int i = 0; i < kMoveSlots; i++) {
        KnownMove& move = active.moves[i];
        const MoveData& data = kMoves[ask.active_moves[i]];
        if (move.move != ask.active_moves[i]) {
            move = {ask.active_moves[i], transformed ? std::min<std::uint8_t>(5, data.pp) : data.max_pp, data.max_pp, 0};
            note_move(knowledge, 0, move.move);
        }
        if (!ask.pp_shown) continue;
        move.pp = ask.pp[i];
        move.max_pp = ask.max_pp[i];
        if (!transformed) own.pokemon().moves[i].pp = ask.pp[i];
    }
    learn_copied_moves(knowledge);
}

// A request that shows neither a lock nor a possible lock means that a trap has ended.
void correct_trap(Knowledge& knowledge, const Ask& ask) {
    if (ask.maybe_locked || ask.moves[0] == kFight) return;
    knowledge.sides[1].active.flags &= ~KnownActive::kTrapping;
    const bool single = ask.move_count == 1 && !ask.pp_shown && ask.moves[0] <= kMoveCount;
    const bool locked = single && kMoves[ask.moves[0]].effect == Effect::Trap;
    if (!locked) knowledge.sides[0].active.flags &= ~KnownActive::kTrapping;
}

}  // namespace

void learn(Knowledge& knowledge, const Ask& ask) {
    knowledge.ask = ask;
    KnownSide& own = knowledge.sides[0];
    if (own.pokemon().hp == 0) return;
    correct_moves(knowledge, ask);
    if (ask.request != Request::Move) return;
    correct_trap(knowledge, ask);
    own.active.flags &= ~KnownActive::kRecharging;
    if (ask.moves[0] == kRecharge) own.active.flags |= KnownActive::kRecharging;
}

std::uint16_t legal_actions(const Knowledge& knowledge) {
    const Ask& ask = knowledge.ask;
    const KnownSide& own = knowledge.sides[0];
    std::uint16_t legal = 0;
    if (ask.request == Request::None) return legal;
    if (ask.request == Request::Move)
        for (int i = 0; i < ask.move_count; i++) legal |= static_cast<std::uint16_t>(ask.usable[i] << i);
    if (ask.request == Request::Move && ask.trapped) return legal;
    for (int place = 1; place < own.size; place++)
        if (own.party[own.order[place]].hp > 0) legal |= static_cast<std::uint16_t>(1u << (3 + place));
    return legal;
}

}  // namespace gen1
