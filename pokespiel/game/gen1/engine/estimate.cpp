#include "estimate.hpp"

#include <algorithm>

#include "formula.hpp"

namespace gen1 {
namespace {

constexpr std::uint32_t kLowestRoll = 217, kHighestRoll = 255, kMeanRoll = 236;

// An attacker, with its stats on the field or on entering it.
struct Attacker {
    const std::uint16_t* full;      // for critical hits
    std::uint16_t modified[4];
    Type types[2];
    std::uint8_t species, level;
    bool focus_energy;
    std::int8_t accuracy;
};

struct Target {
    const std::uint16_t* full;
    std::uint16_t modified[4];
    Type types[2];
    bool reflect, light_screen, asleep;
    std::int8_t evasion;
    std::uint32_t full_hp, hp;  // points
};

bool on(const KnownActive& active, std::uint32_t flag) { return active.flags & flag; }

void entering_stats(const KnownPokemon& pokemon, std::uint16_t (&stats)[4]) {
    std::copy_n(pokemon.stats, 4, stats);
    if (pokemon.status == Status::Paralysis) stats[2] = std::max<std::uint16_t>(1, stats[2] / 4);
    if (pokemon.status == Status::Burn) stats[0] = std::max<std::uint16_t>(1, stats[0] / 2);
}

Attacker attacker_on_field(const KnownSide& side) {
    const KnownPokemon& pokemon = side.pokemon();
    const KnownActive& active = side.active;
    Attacker result{pokemon.stats, {}, {active.types[0], active.types[1]}, pokemon.species, pokemon.level,
                    on(active, KnownActive::kFocusEnergy), active.boosts[4]};
    std::copy_n(active.modified, 4, result.modified);
    return result;
}

Attacker attacker_on_bench(const KnownPokemon& pokemon) {
    const SpeciesData& species = kSpecies[pokemon.species];
    Attacker result{pokemon.stats, {}, {species.types[0], species.types[1]}, pokemon.species, pokemon.level, false, 0};
    entering_stats(pokemon, result.modified);
    return result;
}

void set_health(Target& target, const KnownPokemon& pokemon) {
    target.asleep = pokemon.status == Status::Sleep;
    target.full_hp = std::max<std::uint32_t>(1, pokemon.full_hp);
    target.hp = pokemon.hp * target.full_hp / std::max<std::uint32_t>(1, pokemon.max_hp);
}

Target target_on_field(const KnownSide& side) {
    const KnownActive& active = side.active;
    Target result{};
    result.full = side.pokemon().stats;
    std::copy_n(active.modified, 4, result.modified);
    std::copy_n(active.types, 2, result.types);
    result.reflect = on(active, KnownActive::kReflect);
    result.light_screen = on(active, KnownActive::kLightScreen);
    result.evasion = active.boosts[5];
    set_health(result, side.pokemon());
    return result;
}

Target target_on_bench(const KnownPokemon& pokemon) {
    Target result{};
    result.full = pokemon.stats;
    entering_stats(pokemon, result.modified);
    std::copy_n(kSpecies[pokemon.species].types, 2, result.types);
    set_health(result, pokemon);
    return result;
}

int factor(const MoveData& move, const Target& target) {
    return static_cast<int>(typed_damage(100, move.type, target.types));
}

// Out of 256.
int hit_chance(const MoveData& move, const Attacker& attacker, const Target& target) {
    if (move.accuracy == 0) return 256;
    if (move.self) return move.accuracy + 1;
    int chance = move.accuracy * stage_percent(attacker.accuracy) / 100;
    chance = chance * stage_percent(-target.evasion) / 100;
    return std::clamp(chance, 1, 255);
}

// Damage before the roll; level doubled and plain stats for a critical hit.
std::uint32_t before_roll(const MoveData& move, const Attacker& attacker, const Target& target, bool critical) {
    const bool physical = move.category == Category::Physical;
    const int attacking = physical ? 0 : 3, defending = physical ? 1 : 3;
    std::uint32_t attack = attacker.modified[attacking], defense = target.modified[defending], level = attacker.level;
    if (critical) {
        attack = attacker.full[attacking];
        defense = target.full[defending];
        level *= 2;
    } else if (physical ? target.reflect : target.light_screen) {
        defense *= 2;
    }
    defense = std::max(defense, 1u);  // 0 only if no line said who is on the field
    std::uint32_t damage = plain_damage(level, move.power, attack, defense, move.effect == Effect::Explode);
    if (move.type == attacker.types[0] || move.type == attacker.types[1]) damage += damage / 2;
    return typed_damage(damage, move.type, target.types);
}

// Damage in points: the lowest and highest of a hit that is not critical, and the mean as a quotient of whole numbers.
struct Points {
    std::uint32_t least, most;
    std::uint64_t mean, parts = 1;
};

// points / parts in thousandths of the target's full HP, rounded down.
std::int16_t share(std::uint64_t points, std::uint64_t parts, const Target& target) {
    return static_cast<std::int16_t>(std::min<std::uint64_t>(kMostShare, 1000 * points / (parts * target.full_hp)));
}

// For moves that do not use the formula; false for those that do.
bool fixed_points(const MoveData& move, const Attacker& attacker, const Target& target, Points& points) {
    const auto all = [&](std::uint32_t value) { points = {value, value, value}; };
    switch (move.effect) {
        case Effect::LevelDamage: all(attacker.level); return true;
        case Effect::FixedDamage: all(move.parameter); return true;
        case Effect::SuperFang: all(std::max(1u, target.hp / 2)); return true;
        case Effect::Psywave: {
            const std::uint32_t most = std::max(1, attacker.level * 3 / 2 - 1);
            points = {1, most, 1 + most, 2};
            return true;
        }
        case Effect::Ohko: all(target.modified[2] > attacker.modified[2] ? 0 : target.full_hp); return true;
        case Effect::Counter:
        case Effect::Bide: all(0); return true;
        case Effect::DreamEater:
            if (target.asleep) return false;
            all(0);
            return true;
        default: return false;
    }
}

bool has_no_effect(const MoveData& move, const Target& target, int effectiveness) {
    if (effectiveness == 0 && !move.ignores_immunity) return true;
    const bool ghost = target.types[0] == Type::Ghost || target.types[1] == Type::Ghost;
    return move.effect == Effect::Trap && move.type == Type::Normal && ghost;
}

struct Hits {
    std::uint32_t least, most, mean;
};

Hits hits_of(const MoveData& move) {
    if (move.effect == Effect::MultiHit) return {2, 5, 3};
    if (move.effect == Effect::DoubleHit) return {2, 2, 2};
    return {1, 1, 1};
}

bool hurts(const MoveData& move) { return move.power > 0 || move.effect == Effect::Ohko; }

// Moves whose damage does not follow the formula, or is zero under some condition.
bool is_special(const MoveData& move) {
    switch (move.effect) {
        case Effect::LevelDamage:
        case Effect::FixedDamage:
        case Effect::SuperFang:
        case Effect::Psywave:
        case Effect::Ohko:
        case Effect::Counter:
        case Effect::Bide:
        case Effect::DreamEater: return true;
        default: return false;
    }
}

// A hit by the formula that is not critical.
std::uint32_t lowest(std::uint32_t damage) { return damage > 1 ? damage * kLowestRoll / kHighestRoll : damage; }

// The mean is over rolls, critical hits and repeated hits.
Points formula_points(const MoveData& move, const Attacker& attacker, const Target& target, std::uint32_t rate) {
    const std::uint32_t plain = before_roll(move, attacker, target, false);
    const std::uint32_t critical = before_roll(move, attacker, target, true);
    const Hits hits = hits_of(move);
    const std::uint64_t sum = (256 - rate) * plain + rate * critical;
    return {hits.least * lowest(plain), hits.most * plain, sum * hits.mean * kMeanRoll, 256 * kHighestRoll};
}

std::uint32_t rate_of(const MoveData& move, const Attacker& attacker) {
    return critical_rate(attacker.species, attacker.focus_energy, move.high_critical);
}

Hit estimate(const MoveData& move, const Attacker& attacker, const Target& target) {
    Hit hit{};
    hit.factor = static_cast<std::int16_t>(factor(move, target));
    hit.chance = static_cast<std::int16_t>(hit_chance(move, attacker, target));
    if (!hurts(move) || has_no_effect(move, target, hit.factor)) return hit;
    Points points;
    if (!is_special(move) || !fixed_points(move, attacker, target, points)) {
        hit.critical = static_cast<std::int16_t>(rate_of(move, attacker));
        points = formula_points(move, attacker, target, rate_of(move, attacker));
    }
    hit.least = share(points.least, 1, target);
    hit.most = share(points.most, 1, target);
    hit.expected = share(points.mean * hit.chance, points.parts * 256, target);
    return hit;
}

// Hit::expected alone.
std::int16_t expected(const KnownMove& known, const Attacker& attacker, const Target& target) {
    const MoveData& move = kMoves[known.move];
    if (!hurts(move) || has_no_effect(move, target, factor(move, target))) return 0;
    if (is_special(move)) return estimate(move, attacker, target).expected;
    const Points points = formula_points(move, attacker, target, rate_of(move, attacker));
    return share(points.mean * hit_chance(move, attacker, target), points.parts * 256, target);
}

bool present(const KnownPokemon& pokemon) { return pokemon.species && pokemon.hp; }

bool same(const std::uint16_t (&a)[4], const std::uint16_t (&b)[4]) { return std::equal(a, a + 4, b); }

// On the field and unchanged since it entered, with its own moves.
bool is_plain(const KnownSide& side) {
    const KnownActive& active = side.active;
    constexpr std::uint32_t kChanges = KnownActive::kTransformed | KnownActive::kMimicked | KnownActive::kTypeChanged |
                                       KnownActive::kFocusEnergy | KnownActive::kReflect | KnownActive::kLightScreen;
    std::uint16_t entering[4];
    entering_stats(side.pokemon(), entering);
    return !(active.flags & kChanges) && same(active.modified, entering) && !active.boosts[4] && !active.boosts[5];
}

// The damages between the two Pokemon on the field and the benches. `seat` attacks.
struct Update {
    Estimates& estimates;
    const Knowledge& knowledge;
    bool plain[2];

    Update(Estimates& estimates_, const Knowledge& knowledge_)
        : estimates(estimates_), knowledge(knowledge_), plain{usable(0), usable(1)} {
        for (int seat = 0; seat < 2; seat++) forget(seat, knowledge.stale[seat]);
    }

    const KnownSide& side(int seat) const { return knowledge.sides[seat]; }
    // Super Fang's damage depends on the remaining HP, so it is not kept.
    bool usable(int seat) const { return !knowledge.super_fang && is_plain(side(seat)); }
    bool both_stand() const { return present(side(0).pokemon()) && present(side(1).pokemon()); }

    void forget(int seat, unsigned members) {
        if (!members) return;
        for (int index = 0; index < kTeamSize; index++) {
            if (members >> index & 1) estimates.valid[seat][index] = 0;
            estimates.valid[1 - seat][index] &= static_cast<std::uint8_t>(~members);
        }
    }

    // Both as they enter, computed on first use.
    const std::int16_t (&entering(int seat, int index, int target_index))[kMoveSlots] {
        auto& slots = estimates.entering[seat][index][target_index];
        if (estimates.valid[seat][index] >> target_index & 1) return slots;
        const KnownPokemon& pokemon = side(seat).party[index];
        const Attacker attacker = attacker_on_bench(pokemon);
        const Target target = target_on_bench(side(1 - seat).party[target_index]);
        for (int slot = 0; slot < kMoveSlots; slot++) slots[slot] = expected(pokemon.moves[slot], attacker, target);
        estimates.valid[seat][index] |= static_cast<std::uint8_t>(1 << target_index);
        return slots;
    }

    // The Pokemon on the field against the opposing one.
    void duel(int seat) {
        const KnownSide &own = side(seat), &foe = side(1 - seat);
        const Attacker attacker = attacker_on_field(own);
        const Target target = target_on_field(foe);
        std::int16_t& most = estimates.takes[1 - seat][foe.order[0]] = 0;
        for (int slot = 0; slot < kMoveSlots; slot++) {
            Hit& hit = estimates.hits[seat][slot] = {};
            const std::uint8_t move = own.active.moves[slot].move;
            if (move && both_stand()) hit = estimate(kMoves[move], attacker, target);
            estimates.each[seat][own.order[0]][slot] = hit.expected;
            most = std::max(most, hit.expected);
        }
    }

    // The Pokemon on the field against a member of the other's bench.
    void threaten(int seat, int index) {
        const KnownPokemon& pokemon = side(1 - seat).party[index];
        std::int16_t& most = estimates.takes[1 - seat][index] = 0;
        if (!present(side(seat).pokemon()) || !present(pokemon)) return;
        if (plain[seat]) {
            const auto& slots = entering(seat, side(seat).order[0], index);
            most = *std::max_element(slots, slots + kMoveSlots);
            return;
        }
        const Attacker attacker = attacker_on_field(side(seat));
        const Target target = target_on_bench(pokemon);
        for (const KnownMove& move : side(seat).active.moves) most = std::max(most, expected(move, attacker, target));
    }

    // A member of the bench against the opposing Pokemon on the field.
    void promise(int seat, int index) {
        const KnownPokemon& pokemon = side(seat).party[index];
        auto& slots = estimates.each[seat][index];
        std::fill_n(slots, kMoveSlots, std::int16_t{0});
        if (!present(pokemon) || !present(side(1 - seat).pokemon())) return;
        if (plain[1 - seat]) {
            std::copy_n(entering(seat, index, side(1 - seat).order[0]), kMoveSlots, slots);
            return;
        }
        const Attacker attacker = attacker_on_bench(pokemon);
        const Target target = target_on_field(side(1 - seat));
        for (int slot = 0; slot < kMoveSlots; slot++) slots[slot] = expected(pokemon.moves[slot], attacker, target);
    }

    // The other's bench against the Pokemon of `seat` on the field, which changed.
    void against(int seat) {
        for (int index = 0; index < side(1 - seat).known; index++) {
            if (index == side(1 - seat).order[0]) continue;
            threaten(seat, index);
            promise(1 - seat, index);
        }
    }

    // The Pokemon that left the field is on the bench now.
    void withdraw(int seat) {
        const int left = estimates.on_field[seat];
        if (left == side(seat).order[0]) return;
        threaten(1 - seat, left);
        promise(seat, left);
    }
};

}  // namespace

void update(Estimates& estimates, Knowledge& knowledge) {
    const unsigned changed = knowledge.super_fang ? Knowledge::kBothChanged : knowledge.changed;
    if (!changed) return;
    Update work(estimates, knowledge);
    work.duel(0);
    work.duel(1);
    for (int seat = 0; seat < 2; seat++) {
        if (!(changed >> seat & 1)) continue;
        work.against(seat);
        if (changed != Knowledge::kBothChanged) work.withdraw(seat);
        estimates.on_field[seat] = knowledge.sides[seat].order[0];
    }
    knowledge.changed = knowledge.stale[0] = knowledge.stale[1] = 0;
}

}  // namespace gen1
