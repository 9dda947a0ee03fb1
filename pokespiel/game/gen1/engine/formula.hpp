// The damage formula as pure functions, without chance: the rules roll on top of them, the view estimates with them.
#pragma once

#include <cstdint>

#include "tables.hpp"

namespace gen1 {

// Damage before types and the random factor. Stats of 256 and more lose their two lowest bits and wrap at 1024; `explodes`
// halves the defense; a critical hit comes in as twice the level and stats without stages.
inline std::uint32_t plain_damage(std::uint32_t level, std::uint32_t power, std::uint32_t attack, std::uint32_t defense,
                                  bool explodes) {
    if (attack >= 256 || defense >= 256) {
        attack = attack / 4 & 255;
        defense = defense / 4 & 255;
        if (!attack) attack = 1;
        if (!defense) defense = 1;
    }
    if (explodes) defense = defense / 2 ? defense / 2 : 1;
    const std::uint32_t damage = (level * 2 / 5 + 2) * power * attack / defense / 50;
    return (damage < 997 ? damage : 997) + 2;
}

// Ten times the factor of one attacking type against one or two defending types (equal where there is one), each applied
// in turn as the formula does; 0 for an immunity.
inline std::uint32_t typed_damage(std::uint32_t damage, Type type, const Type (&defender)[2]) {
    const auto& row = kTypeChart[static_cast<int>(type)];
    damage = damage * row[static_cast<int>(defender[0])] / 10;
    if (defender[0] != defender[1]) damage = damage * row[static_cast<int>(defender[1])] / 10;
    return damage;
}

// The factor, in percent, of a stage from -6 to 6 on a stat, on accuracy or, reversed, on evasion.
inline int stage_percent(int stage) {
    constexpr int kPercent[] = {25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400};
    return kPercent[stage + 6];
}

// The HP that poison, burns and Leech Seed take each time.
inline int sixteenth(int max_hp) { return max_hp / 16 ? max_hp / 16 : 1; }

// The chance of a critical hit, out of 256.
inline std::uint32_t critical_rate(int species, bool focus_energy, bool high_critical) {
    std::uint32_t rate = kSpecies[species].speed / 2u;
    if (focus_energy)
        rate /= 2;
    else
        rate = rate * 2 > 255 ? 255 : rate ? rate * 2 : 1;
    if (high_critical) return rate * 4 > 255 ? 255 : rate ? rate * 4 : 1;
    return rate / 2;
}

}  // namespace gen1
