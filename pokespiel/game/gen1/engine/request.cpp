#include "request.hpp"

#include <cstdio>

namespace gen1 {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string condition(const Pokemon& pokemon) {
    static constexpr const char* kNames[] = {"", " slp", " psn", " brn", " frz", " par", " tox"};
    if (!pokemon.hp) return "0 fnt";
    return std::to_string(pokemon.hp) + '/' + std::to_string(pokemon.max_hp) + kNames[static_cast<int>(pokemon.status)];
}

std::string stats(const Pokemon& pokemon) {
    const auto stat = [&](Stat which) { return std::to_string(pokemon.stats[static_cast<int>(which)]); };
    const std::string special = stat(Stat::Special);
    return "{\"atk\":" + stat(Stat::Attack) + ",\"def\":" + stat(Stat::Defense) + ",\"spa\":" + special + ",\"spd\":" + special +
           ",\"spe\":" + stat(Stat::Speed) + '}';
}

std::string move_ids(const std::uint8_t* moves) {
    std::string out;
    for (int i = 0; i < kMoveSlots && moves[i] != kNoMove; i++) {
        if (i) out += ',';
        out += quoted(kMoveNames[moves[i]].id);
    }
    return '[' + out + ']';
}

std::string party_member(const Battle& battle, int side_index, int place, const Names& names) {
    const Side& side = battle.sides[side_index];
    const int index = side.order[place];
    const Pokemon& pokemon = side.team[index];
    const std::string owner = side_index ? "p2: " : "p1: ";
    std::string details = kSpeciesNames[pokemon.species].name;
    if (pokemon.level != 100) details += ", L" + std::to_string(pokemon.level);
    const bool active = place == 0;
    return "{\"ident\":" + quoted(owner + names.pokemon[side_index][index]) + ",\"details\":" + quoted(details) +
           ",\"condition\":\"" + condition(pokemon) + "\",\"active\":" + (active ? "true" : "false") +
           ",\"stats\":" + stats(pokemon) + ",\"moves\":" + move_ids(active && pokemon.hp ? side.active.moves : pokemon.moves) +
           ",\"baseAbility\":\"\",\"item\":\"\",\"pokeball\":\"pokeball\"}";
}

std::string party(const Battle& battle, int side, const Names& names) {
    std::string out = "{\"name\":" + quoted(names.players[side]) + ",\"id\":\"p" + std::to_string(side + 1) + "\",\"pokemon\":[";
    for (int place = 0; place < battle.sides[side].size; place++) {
        if (place) out += ',';
        out += party_member(battle, side, place, names);
    }
    return out + "]}";
}

// The move that allows neither another choice nor a switch, by Showdown's id; empty if there is none.
std::string locked_move(const Active& active) {
    if (active.has(Active::kRecharging)) return "recharge";
    if (active.has(Active::kTwoTurn)) return kMoveNames[active.two_turn_move].id;
    if (active.has(Active::kThrash)) return kMoveNames[active.thrash_move].id;
    if (active.has(Active::kRage)) return kMoveNames[kRageMove].id;
    return "";
}

// The move that Fight continues; unlike the above its user may switch.
std::string semi_locked_move(const Active& active) {
    if (active.has(Active::kBide)) return kMoveNames[kBideMove].id;
    if (active.has(Active::kTrapping)) return kMoveNames[active.trap_move].id;
    return "";
}

std::string move_name(const std::string& id) {
    if (id == "recharge") return "Recharge";
    for (int move = 1; move <= kMoveCount; move++) {
        if (id == kMoveNames[move].id) return kMoveNames[move].name;
    }
    return "";
}

std::string only_move(const std::string& name, const std::string& id) {
    return "[{\"move\":\"" + name + "\",\"id\":\"" + id + "\"}]";
}

// PP Ups belong to the Pokemon's own slots: a slot that Transform adds has none, and Struggle cannot have any.
int max_pp(const Pokemon& pokemon, const Active& active, int slot) {
    const MoveData& move = kMoves[active.moves[slot]];
    return pokemon.moves[slot] == kNoMove || pokemon.moves[slot] == kStruggle ? move.pp : move.max_pp;
}

std::string move_menu(const Pokemon& pokemon, const Active& active) {
    std::string out;
    bool any = false;
    for (int slot = 0; slot < kMoveSlots && active.moves[slot] != kNoMove; slot++) {
        const MoveName& name = kMoveNames[active.moves[slot]];
        const bool disabled = active.pp[slot] == 0 || (active.has(Active::kDisabled) && active.disable_slot == slot);
        any |= !disabled;
        if (slot) out += ',';
        out += "{\"move\":" + quoted(name.name) + ",\"id\":\"" + name.id + "\",\"pp\":" + std::to_string(active.pp[slot]) +
               ",\"maxpp\":" + std::to_string(max_pp(pokemon, active, slot)) + ",\"target\":\"" + name.target +
               "\",\"disabled\":" + (disabled ? "true}" : "false}");
    }
    if (any) return '[' + out + ']';
    return "[{\"move\":\"Struggle\",\"id\":\"struggle\",\"target\":\"randomNormal\",\"disabled\":false}]";
}

std::string active_data(const Side& side) {
    const Active& active = side.active;
    const Pokemon& pokemon = side.pokemon();
    const std::string locked = locked_move(active);
    if (!locked.empty()) return "{\"moves\":" + only_move(move_name(locked), locked) + ",\"trapped\":true}";
    const bool maybe_locked = active.has(Active::kMaybeLocked);
    const std::string semi_locked = maybe_locked ? "" : semi_locked_move(active);
    const bool helpless = pokemon.status == Status::Sleep || pokemon.status == Status::Freeze;
    std::string moves;
    if (!semi_locked.empty()) {
        moves = only_move(move_name(semi_locked), semi_locked);
    } else if (helpless || (active.has(Active::kTrapped) && !maybe_locked)) {
        moves = only_move("Fight", "fight");
    } else {
        moves = move_menu(pokemon, active);
    }
    return "{\"moves\":" + moves + (maybe_locked ? ",\"maybeLocked\":true}" : "}");
}

}  // namespace

std::string request_json(const Battle& battle, int side, const Names& names) {
    if (battle.ended()) return "";
    const std::string own = "\"side\":" + party(battle, side, names);
    const Request request = battle.requests[side];
    if (request == Request::None) return "{\"wait\":true," + own + '}';
    const bool alone = battle.requests[1 - side] == Request::None;
    const std::string end = alone ? ",\"noCancel\":true}" : "}";
    if (request == Request::Switch) return "{\"forceSwitch\":[true]," + own + end;
    return "{\"active\":[" + active_data(battle.sides[side]) + "]," + own + end;
}

}  // namespace gen1
