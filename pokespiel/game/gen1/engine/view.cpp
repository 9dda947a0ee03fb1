// From knowledge to a compact row, and from a compact row to floats.
#include "view.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace gen1 {
namespace {

using Row = std::int16_t*;

std::int16_t number(int value) { return static_cast<std::int16_t>(value); }

int type_pair(const Type (&types)[2]) { return 16 * static_cast<int>(types[0]) + static_cast<int>(types[1]); }

constexpr int kNoTypes = 16 * static_cast<int>(Type::Unknown) + static_cast<int>(Type::Unknown);

int entering_speed(const KnownPokemon& pokemon) {
    const int speed = pokemon.stats[2];
    return pokemon.status == Status::Paralysis ? std::max(1, speed / 4) : speed;
}

int sign(int value) { return (value > 0) - (value < 0); }

// ---- the parties -------------------------------------------------------------------------------------------------

struct Speeds {
    int own, foe;  // current values on the field; 0: nobody there
};

int field_speed(const KnownSide& side) { return side.pokemon().hp ? side.active.modified[2] : 0; }

void write_unrevealed(Row row, bool exists) {
    using namespace columns;
    std::fill_n(row, pokemon::kCount, std::int16_t{0});
    row[pokemon::exists] = exists;
    row[pokemon::hp] = exists ? 10000 : 0;
    row[pokemon::types] = kNoTypes;
}

void write_pokemon(Row row, const KnownSide& side, int index, int opposite_speed, const Estimates& estimates, int seat) {
    using namespace columns;
    const KnownPokemon& known = side.party[index];
    const bool on_field = index == side.order[0] && known.hp;
    const std::int16_t(&deals)[kMoveSlots] = estimates.each[seat][index];
    const int speed = on_field ? side.active.modified[2] : known.hp ? entering_speed(known) : 0;
    row[pokemon::species] = known.species;
    row[pokemon::exists] = 1;
    row[pokemon::revealed] = 1;
    row[pokemon::on_field] = on_field;
    row[pokemon::fainted] = known.hp == 0;
    row[pokemon::level] = known.level;
    row[pokemon::hp] = number(known.share);
    row[pokemon::full_hp] = number(known.full_hp);
    for (int i = 0; i < 4; i++) row[pokemon::attack + i] = number(known.stats[i]);
    row[pokemon::sleep_turns] = known.sleep_turns;
    row[pokemon::rested] = (known.flags & KnownPokemon::kRested) != 0;
    row[pokemon::faster] = number(speed && opposite_speed ? sign(speed - opposite_speed) : 0);
    row[pokemon::deals] = std::max(std::max(deals[0], deals[1]), std::max(deals[2], deals[3]));
    row[pokemon::takes] = estimates.takes[seat][index];
    row[pokemon::status] = number(static_cast<int>(known.status));
    row[pokemon::types] = number(type_pair(kSpecies[known.species].types));
}

void write_known_moves(Row row, const KnownMove (&moves)[kMoveSlots], const std::int16_t (&deals)[kMoveSlots]) {
    using namespace columns;
    for (int slot = 0; slot < kMoveSlots; slot++, row += known_move::kCount) {
        row[known_move::move] = moves[slot].move;
        row[known_move::pp] = moves[slot].pp;
        row[known_move::deals] = deals[slot];
    }
}

void write_party(Row rows, Row moves, const Knowledge& knowledge, const Estimates& estimates, int seat) {
    using namespace columns;
    const KnownSide& side = knowledge.sides[seat];
    const int opposite_speed = field_speed(knowledge.sides[1 - seat]);
    for (int place = 0; place < kTeamSize; place++) {
        const int index = side.order[place];
        const Row row = rows + place * pokemon::kCount, known = moves + place * kMoveSlots * known_move::kCount;
        if (!side.party[index].species) {
            write_unrevealed(row, place < side.size);
            std::fill_n(known, kMoveSlots * known_move::kCount, std::int16_t{0});
            continue;
        }
        write_pokemon(row, side, index, opposite_speed, estimates, seat);
        const bool on_field = place == 0 && side.pokemon().hp;
        write_known_moves(known, on_field ? side.active.moves : side.party[index].moves, estimates.each[seat][index]);
    }
}

// ---- moves on the field ------------------------------------------------------------------------------------------

// From the rolls of one hit that is not critical, spread evenly from the lowest to the highest.
int knock_out_chance(const Hit& hit, int left) {
    if (hit.most == 0 || left == 0 || hit.most < left) return 0;
    const int of_hits = hit.least >= left ? 1000 : 1000 * (hit.most - left + 1) / (hit.most - hit.least + 1);
    return of_hits * hit.chance / 256;
}

void write_move(Row row, std::uint8_t id, const KnownMove& known, bool usable, const Hit& hit, int target_left) {
    using namespace columns;
    row[move::move] = id;
    row[move::usable] = usable;
    row[move::disabled] = known.disabled;
    row[move::pp] = known.pp;
    row[move::chance] = hit.chance;
    row[move::critical] = hit.critical;
    row[move::factor] = hit.factor;
    row[move::least] = hit.least;
    row[move::most] = hit.most;
    row[move::deals] = hit.expected;
    row[move::knock_out] = number(knock_out_chance(hit, target_left));
}

// The move slot, of the Pokemon on the field, of a move of the request; -1: none (Fight, Recharge, Struggle and a
// locked move that Metronome called).
int slot_of(const KnownActive& active, const Ask& ask, int place) {
    if (ask.pp_shown) return place;
    for (int slot = 0; slot < kMoveSlots; slot++)
        if (active.moves[slot].move == ask.moves[place]) return slot;
    return -1;
}

// The moves that the request offers; if it asks for none, those of the Pokemon on the field, if any.
void write_own_moves(Row rows, const Knowledge& knowledge, const Estimates& estimates) {
    using namespace columns;
    const Ask& ask = knowledge.ask;
    const KnownActive& active = knowledge.sides[0].active;
    const int left = knowledge.sides[1].pokemon().share / 10;
    const bool asked = ask.request == Request::Move;
    for (int place = 0; place < kMoveSlots; place++) {
        const Row row = rows + place * move::kCount;
        const bool shown = asked || knowledge.sides[0].pokemon().hp;
        const std::uint8_t id = asked ? ask.moves[place] : shown ? active.moves[place].move : std::uint8_t{kNoMove};
        const int slot = !id ? -1 : asked ? slot_of(active, ask, place) : place;
        const KnownMove known = slot >= 0 ? active.moves[slot] : KnownMove{};
        const Hit hit = slot >= 0 ? estimates.hits[0][slot] : Hit{};
        write_move(row, id, known, asked && ask.usable[place], hit, left);
    }
}

void write_threats(Row rows, const Knowledge& knowledge, const Estimates& estimates) {
    using namespace columns;
    const KnownSide& foe = knowledge.sides[1];
    const int left = knowledge.sides[0].pokemon().share / 10;
    const bool there = foe.pokemon().hp;
    for (int slot = 0; slot < kMoveSlots; slot++) {
        const KnownMove known = there ? foe.active.moves[slot] : KnownMove{};
        const bool usable = known.move && known.pp && !known.disabled;
        write_move(rows + slot * move::kCount, known.move, known, usable, estimates.hits[1][slot], left);
    }
}

// ---- the Pokemon on the field ------------------------------------------------------------------------------------

int last_damage(const Knowledge& knowledge, int seat) {
    const int full = knowledge.sides[seat].pokemon().max_hp;
    return full ? std::min(1000, 1000 * knowledge.last_damage[seat] / full) : 0;
}

void write_flags(Row row, const KnownActive& known) {
    using namespace columns;
    static constexpr std::uint32_t kFlags[] = {
        KnownActive::kSubstitute, KnownActive::kReflect, KnownActive::kLightScreen, KnownActive::kMist,
        KnownActive::kFocusEnergy, KnownActive::kSeeded, KnownActive::kConfused, KnownActive::kDisabled,
        KnownActive::kToxicCounter, KnownActive::kBide, KnownActive::kThrash, KnownActive::kRage, KnownActive::kCharging,
        KnownActive::kInvulnerable, KnownActive::kRecharging, KnownActive::kTrapping, KnownActive::kTransformed,
        KnownActive::kTypeChanged, KnownActive::kMimicked};
    static_assert(std::size(kFlags) == active::mimicked - active::substitute + 1);
    for (std::size_t i = 0; i < std::size(kFlags); i++) row[active::substitute + i] = (known.flags & kFlags[i]) != 0;
}

void write_counters(Row row, const KnownActive& known) {
    using namespace columns;
    const auto while_on = [&](std::uint32_t flag, std::uint8_t value) { return known.flags & flag ? value : std::int16_t{0}; };
    row[active::turns] = known.turns;
    row[active::confused_turns] = while_on(KnownActive::kConfused, known.confused_turns);
    row[active::disabled_turns] = while_on(KnownActive::kDisabled, known.disabled_turns);
    row[active::toxic_turns] = while_on(KnownActive::kToxicCounter, known.toxic_turns);
    row[active::bide_turns] = while_on(KnownActive::kBide, known.bide_turns);
    row[active::thrash_turns] = while_on(KnownActive::kThrash, known.thrash_turns);
    row[active::trapping_turns] = while_on(KnownActive::kTrapping, known.trapping_turns);
    row[active::reflect_turns] = while_on(KnownActive::kReflect, known.reflect_turns);
    row[active::light_screen_turns] = while_on(KnownActive::kLightScreen, known.light_screen_turns);
    row[active::substitute_hits] = while_on(KnownActive::kSubstitute, known.substitute_hits);
    row[active::disabled_move] = while_on(KnownActive::kDisabled, known.disabled_move);
    row[active::charging_move] = while_on(KnownActive::kCharging, known.charging_move);
}

void write_active(Row row, const Knowledge& knowledge, int seat) {
    using namespace columns;
    const KnownSide& side = knowledge.sides[seat];
    const KnownActive& known = side.active;
    std::fill_n(row, active::kCount, std::int16_t{0});
    row[active::types] = kNoTypes;
    row[active::used_move] = side.used_move;
    row[active::last_damage] = number(last_damage(knowledge, seat));
    if (!side.pokemon().hp) return;
    row[active::species] = known.species;
    row[active::types] = number(type_pair(known.types));
    row[active::attack_stage] = known.boosts[0];
    row[active::defense_stage] = known.boosts[1];
    row[active::speed_stage] = known.boosts[2];
    row[active::special_stage] = known.boosts[3];
    row[active::accuracy_stage] = known.boosts[4];
    row[active::evasion_stage] = known.boosts[5];
    for (int i = 0; i < 4; i++) row[active::attack + i] = number(known.modified[i]);
    row[active::last_move] = known.last_move;
    write_flags(row, known);
    write_counters(row, known);
}

// ---- the battle as a whole ---------------------------------------------------------------------------------------

struct Summary {
    int left = 0, health = 0;  // health: thousandths
    bool slept = false, frozen = false;
};

Summary summarize(const KnownSide& side) {
    Summary result;
    result.left = side.size - side.fainted;
    for (int i = 0; i < side.known; i++) {
        const KnownPokemon& pokemon = side.party[i];
        result.health += pokemon.share / 10;
        if (!pokemon.hp) continue;
        result.slept |= pokemon.status == Status::Sleep && !(pokemon.flags & KnownPokemon::kRested);
        result.frozen |= pokemon.status == Status::Freeze;
    }
    result.health += 1000 * (side.size - side.known);
    return result;
}

void write_global(Row row, const Knowledge& knowledge) {
    using namespace columns;
    const Ask& ask = knowledge.ask;
    const KnownSide &own = knowledge.sides[0], &foe = knowledge.sides[1];
    const Summary of_own = summarize(own), of_foe = summarize(foe);
    const int own_speed = field_speed(own), foe_speed = field_speed(foe);
    row[global::turn] = number(knowledge.turn);
    row[global::ask_move] = ask.request == Request::Move;
    row[global::ask_switch] = ask.request == Request::Switch;
    row[global::trapped] = ask.request == Request::Move && ask.trapped;
    row[global::locked] = ask.request == Request::Move && !ask.pp_shown;
    row[global::maybe_locked] = ask.request == Request::Move && ask.maybe_locked;
    row[global::own_size] = own.size;
    row[global::foe_size] = foe.size;
    row[global::own_left] = number(of_own.left);
    row[global::foe_left] = number(of_foe.left);
    row[global::foe_revealed] = foe.known;
    row[global::own_health] = number(of_own.health);
    row[global::foe_health] = number(of_foe.health);
    row[global::own_sleep_clause] = of_foe.slept;
    row[global::foe_sleep_clause] = of_own.slept;
    row[global::own_freeze_clause] = of_foe.frozen;
    row[global::foe_freeze_clause] = of_own.frozen;
    row[global::speed] = number(own_speed && foe_speed ? 1000 * own_speed / (own_speed + foe_speed) : 500);
}

}  // namespace

void write_compact(const Knowledge& knowledge, const Estimates& estimates, std::int16_t* out) {
    using namespace columns;
    write_global(out + kGlobalAt, knowledge);
    write_party(out + kOwnAt, out + kOwnMovesAt, knowledge, estimates, 0);
    write_party(out + kFoeAt, out + kFoeMovesAt, knowledge, estimates, 1);
    write_own_moves(out + kMovesAt, knowledge, estimates);
    write_threats(out + kThreatsAt, knowledge, estimates);
    write_active(out + kOwnActiveAt, knowledge, 0);
    write_active(out + kFoeActiveAt, knowledge, 1);
}

void write_compact(const Knowledge& knowledge, std::int16_t* out) {
    Knowledge copy = knowledge;
    Estimates estimates{};
    copy.changed = Knowledge::kBothChanged;  // the new estimates are empty
    update(estimates, copy);
    write_compact(copy, estimates, out);
}

// ---- floats ------------------------------------------------------------------------------------------------------

namespace {

// A block of the layout as flat arrays, as `expand` needs it.
struct Expansion {
    const float* scales;
    const float* tables[2];
    int keys[2], codes[2];
};

std::vector<float> scales_of(const Block& block) {
    std::vector<float> scales;
    for (int i = 0; i < block.quantities(); i++) scales.push_back(static_cast<float>(block.numbers[static_cast<std::size_t>(i)].scale));
    return scales;
}

// All rows of a block. The counts are compile-time constants, so that the compiler unrolls and vectorizes.
template <int kRows, int kNumbers, int kQuantities, int... kTables>
inline void expand_rows(const Expansion& how, const std::int16_t*& in, float*& out) {
    for (int row = 0; row < kRows; row++) {
        for (int i = 0; i < kQuantities; i++) out[i] = static_cast<float>(in[i]) * how.scales[i];
        out += kQuantities;
        int t = 0;
        [[maybe_unused]] const auto look_up = [&]<int kWidth>() {
            const int code = std::clamp<int>(in[how.keys[t]], 0, how.codes[t] - 1);
            std::memcpy(out, how.tables[t] + code * kWidth, kWidth * sizeof(float));
            out += kWidth;
            t++;
        };
        (look_up.template operator()<kTables>(), ...);
        in += kNumbers;
    }
}

struct Expansions {
    std::vector<std::vector<float>> scales;
    std::vector<Expansion> blocks;

    Expansions() {
        const std::vector<Block>& all = view_blocks();
        scales.reserve(all.size());
        for (const Block& block : all) {
            scales.push_back(scales_of(block));
            Expansion how{scales.back().data(), {}, {}, {}};
            for (std::size_t t = 0; t < block.tables.size(); t++) {
                const Table& table = block.tables[t];
                how.tables[t] = table.values.data();
                how.keys[t] = table.number;
                how.codes[t] = static_cast<int>(table.values.size() / table.columns.size());
            }
            blocks.push_back(how);
        }
        const Block& last = all.back();
        if (last.start + last.rows * last.width != kFeatures) throw std::logic_error("the layout and columns.hpp differ");
    }
};

}  // namespace

void expand(const std::int16_t* compact, float* out) {
    using namespace columns;
    static const Expansions expansions;
    const Expansion* how = expansions.blocks.data();
    expand_rows<1, global::kCount, global::kCount>(*how++, compact, out);
    expand_rows<2 * kTeamSize, pokemon::kCount, pokemon::kCount - pokemon::kKeys, kStatusCount, kTypeCount>(*how, compact, out);
    how += 2;
    expand_rows<2 * kKnownMoves, known_move::kCount, known_move::kCount>(*how, compact, out);
    how += 2;
    expand_rows<2 * kMoveSlots, move::kCount, move::kCount, kMoveProperties>(*how, compact, out);
    how += 2;
    expand_rows<2, active::kCount, active::kCount - active::kKeys, kTypeCount>(*how, compact, out);
}

}  // namespace gen1
