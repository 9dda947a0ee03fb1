// The numbers of a compact row, block by block: X(name, scale, codes, meaning). The float column is the number times the
// scale; codes: how many values an id has (0: a quantity). Each list is one row of its block. KEYS come last: they choose
// a table's row and have no float column of their own.
#pragma once

#include "state.hpp"

#define GEN1_GLOBAL_NUMBERS(X)                                                                                     \
    X(turn, 1.0 / 1000, 0, "turn number")                                                                          \
    X(ask_move, 1, 0, "the player is asked for a move or a switch")                                                \
    X(ask_switch, 1, 0, "the player must replace a fainted Pokemon")                                               \
    X(trapped, 1, 0, "the request allows no switch")                                                               \
    X(locked, 1, 0, "the request offers a single move without PP: a lock, Fight, Recharge or Struggle")            \
    X(maybe_locked, 1, 0, "the moves shown may be held by a trap, in which case all of them are one")              \
    X(own_size, 1.0 / 6, 0, "Pokemon in the own party")                                                            \
    X(foe_size, 1.0 / 6, 0, "Pokemon in the foe's party")                                                          \
    X(own_left, 1.0 / 6, 0, "own Pokemon that have not fainted")                                                   \
    X(foe_left, 1.0 / 6, 0, "the foe's Pokemon that have not fainted")                                             \
    X(foe_revealed, 1.0 / 6, 0, "the foe's Pokemon that were seen")                                                \
    X(own_health, 1.0 / 6000, 0, "sum of the own Pokemon's HP, each as a share of its full HP")                     \
    X(foe_health, 1.0 / 6000, 0, "the same of the foe's; those not seen are full")                                 \
    X(own_sleep_clause, 1, 0, "a foe's Pokemon sleeps from a move: the own sleep moves fail")                      \
    X(foe_sleep_clause, 1, 0, "an own Pokemon sleeps from a move: the foe's sleep moves fail")                     \
    X(own_freeze_clause, 1, 0, "a foe's Pokemon is frozen: no other can be")                                       \
    X(foe_freeze_clause, 1, 0, "an own Pokemon is frozen: no other can be")                                        \
    X(speed, 1.0 / 1000, 0, "own Speed on the field over the sum of both, with the foe's highest possible")

#define GEN1_POKEMON_NUMBERS(X)                                                                                    \
    X(species, 1, kSpeciesCount + 1, "number of the species; 0: not revealed, or no Pokemon in this place")        \
    X(exists, 1, 0, "the party is large enough to have it")                                                        \
    X(revealed, 1, 0, "it was seen (own: always)")                                                                 \
    X(on_field, 1, 0, "it is on the field and has not fainted")                                                    \
    X(fainted, 1, 0, "it has fainted")                                                                             \
    X(level, 1.0 / 100, 0, "level")                                                                                \
    X(hp, 1.0 / 10000, 0, "HP as a share of full HP; the foe's in whole percent as shown, 1 while not revealed")   \
    X(full_hp, 1.0 / 1000, 0, "HP in points when full; the foe's is the highest possible")                         \
    X(attack, 1.0 / 400, 0, "Attack without stages and drops; the foe's is the highest possible")                  \
    X(defense, 1.0 / 400, 0, "Defense, likewise")                                                                  \
    X(speed, 1.0 / 400, 0, "Speed, likewise")                                                                      \
    X(special, 1.0 / 400, 0, "Special, likewise")                                                                  \
    X(sleep_turns, 1.0 / 7, 0, "turns that it has lost in this sleep")                                             \
    X(rested, 1, 0, "asleep by its own Rest, for two turns")                                                       \
    X(faster, 1, 0, "1: outspeeds the one opposite on the field (as it would enter it), -1: slower, 0: equal")     \
    X(deals, 1.0 / 1000, 0, "highest expected damage of its known moves on the one opposite on the field, as a share of that one's full HP") \
    X(takes, 1.0 / 1000, 0, "the same of the known moves of the one opposite on it")                               \
    X(status, 1, 0, "key: see the status columns")                                                                 \
    X(types, 1, 0, "key: see the type columns (16 times the first type plus the second)")

#define GEN1_KNOWN_MOVE_NUMBERS(X)                                                                                 \
    X(move, 1, kMoveCodes, "number of the move; 0: not known")                                                     \
    X(pp, 1.0 / 64, 0, "PP left; the foe's if each use cost one")                                                  \
    X(deals, 1.0 / 1000, 0, "expected damage on the one opposite on the field, as a share of its full HP")

#define GEN1_MOVE_NUMBERS(X)                                                                                       \
    X(move, 1, kMoveCodes, "number of the move; 0: none or not known; 168: Fight; 169: Recharge")                  \
    X(usable, 1, 0, "may be chosen now (the foe's: has PP and is not disabled)")                                   \
    X(disabled, 1, 0, "by Disable")                                                                                \
    X(pp, 1.0 / 64, 0, "PP left; the foe's if each use cost one")                                                  \
    X(chance, 1.0 / 256, 0, "chance to hit, with the stages of accuracy and evasion")                              \
    X(critical, 1.0 / 256, 0, "chance of a critical hit; 0 where the damage does not come from the formula")       \
    X(factor, 1.0 / 200, 0, "effectiveness against the target's types: 0, 1/8, 1/4, 1/2, 1 (doubled), 2")          \
    X(least, 1.0 / 1000, 0, "lowest damage of a hit that is not critical, as a share of the target's full HP")     \
    X(most, 1.0 / 1000, 0, "highest, likewise")                                                                    \
    X(deals, 1.0 / 1000, 0, "expected damage: misses, critical hits and repeated hits included")                   \
    X(knock_out, 1.0 / 1000, 0, "chance that a use takes all the HP left, from least and most alone")

#define GEN1_ACTIVE_NUMBERS(X)                                                                                     \
    X(species, 1, kSpeciesCount + 1, "its present form: the foe's after Transform")                                \
    X(attack_stage, 1.0 / 6, 0, "stages of Attack")                                                                \
    X(defense_stage, 1.0 / 6, 0, "stages of Defense")                                                              \
    X(speed_stage, 1.0 / 6, 0, "stages of Speed")                                                                  \
    X(special_stage, 1.0 / 6, 0, "stages of Special")                                                              \
    X(accuracy_stage, 1.0 / 6, 0, "stages of accuracy")                                                            \
    X(evasion_stage, 1.0 / 6, 0, "stages of evasion")                                                              \
    X(attack, 1.0 / 400, 0, "Attack as it stands: stages, burn and Gen 1's repeated drops followed")               \
    X(defense, 1.0 / 400, 0, "Defense as it stands")                                                               \
    X(speed, 1.0 / 400, 0, "Speed as it stands")                                                                   \
    X(special, 1.0 / 400, 0, "Special as it stands")                                                               \
    X(substitute, 1, 0, "has a Substitute")                                                                        \
    X(reflect, 1, 0, "Reflect")                                                                                    \
    X(light_screen, 1, 0, "Light Screen")                                                                          \
    X(mist, 1, 0, "Mist")                                                                                          \
    X(focus_energy, 1, 0, "Focus Energy")                                                                          \
    X(seeded, 1, 0, "Leech Seed")                                                                                  \
    X(confused, 1, 0, "confused")                                                                                  \
    X(disabled, 1, 0, "a move is disabled")                                                                        \
    X(toxic, 1, 0, "the toxic counter runs")                                                                       \
    X(bide, 1, 0, "Bide")                                                                                          \
    X(thrash, 1, 0, "locked into Thrash or Petal Dance")                                                           \
    X(rage, 1, 0, "locked into Rage")                                                                              \
    X(charging, 1, 0, "the second turn of a two-turn move comes")                                                  \
    X(invulnerable, 1, 0, "out of reach by Fly or Dig")                                                            \
    X(recharging, 1, 0, "must recharge")                                                                           \
    X(trapping, 1, 0, "its last action was a trapping move that hit, and may go on")                               \
    X(transformed, 1, 0, "Transform")                                                                              \
    X(type_changed, 1, 0, "Conversion")                                                                            \
    X(mimicked, 1, 0, "Mimic changed a move")                                                                      \
    X(turns, 1.0 / 20, 0, "turns on the field")                                                                    \
    X(confused_turns, 1.0 / 5, 0, "actions in this confusion")                                                     \
    X(disabled_turns, 1.0 / 8, 0, "actions under this Disable")                                                    \
    X(toxic_turns, 1.0 / 16, 0, "the toxic counter")                                                               \
    X(bide_turns, 1.0 / 3, 0, "turns of Bide so far")                                                              \
    X(thrash_turns, 1.0 / 3, 0, "uses of this Thrash so far")                                                      \
    X(trapping_turns, 1.0 / 5, 0, "uses of this trap so far")                                                      \
    X(reflect_turns, 1.0 / 20, 0, "turns of Reflect so far")                                                       \
    X(light_screen_turns, 1.0 / 20, 0, "turns of Light Screen so far")                                             \
    X(substitute_hits, 1.0 / 4, 0, "hits that the Substitute took")                                                \
    X(last_damage, 1.0 / 1000, 0, "the last hit that this side took, as a share of its full HP then")              \
    X(last_move, 1, kMoveCodes, "the move that Mirror Move would copy from it; 0: none")                           \
    X(used_move, 1, kMoveCodes, "the last move shown by this side, which Counter looks at; 0: none")               \
    X(disabled_move, 1, kMoveCodes, "the move that is disabled; 0: none")                                          \
    X(charging_move, 1, kMoveCodes, "the two-turn move under way; 0: none")                                        \
    X(types, 1, 0, "key: see the type columns")

namespace gen1::columns {

#define GEN1_COLUMN(name, scale, codes, meaning) name,
namespace global { enum : int { GEN1_GLOBAL_NUMBERS(GEN1_COLUMN) kCount }; inline constexpr int kKeys = 0; }
namespace pokemon { enum : int { GEN1_POKEMON_NUMBERS(GEN1_COLUMN) kCount }; inline constexpr int kKeys = 2; }
namespace known_move { enum : int { GEN1_KNOWN_MOVE_NUMBERS(GEN1_COLUMN) kCount }; inline constexpr int kKeys = 0; }
namespace move { enum : int { GEN1_MOVE_NUMBERS(GEN1_COLUMN) kCount }; inline constexpr int kKeys = 0; }
namespace active { enum : int { GEN1_ACTIVE_NUMBERS(GEN1_COLUMN) kCount }; inline constexpr int kKeys = 1; }
#undef GEN1_COLUMN

inline constexpr int kTypeCount = 15;
inline constexpr int kStatusCount = 6;
inline constexpr int kMoveProperties = 54;

// Rows of each block, and where each starts in a compact row.
inline constexpr int kKnownMoves = kTeamSize * kMoveSlots;
inline constexpr int kGlobalAt = 0;
inline constexpr int kOwnAt = kGlobalAt + global::kCount;
inline constexpr int kFoeAt = kOwnAt + kTeamSize * pokemon::kCount;
inline constexpr int kOwnMovesAt = kFoeAt + kTeamSize * pokemon::kCount;
inline constexpr int kFoeMovesAt = kOwnMovesAt + kKnownMoves * known_move::kCount;
inline constexpr int kMovesAt = kFoeMovesAt + kKnownMoves * known_move::kCount;
inline constexpr int kThreatsAt = kMovesAt + kMoveSlots * move::kCount;
inline constexpr int kOwnActiveAt = kThreatsAt + kMoveSlots * move::kCount;
inline constexpr int kFoeActiveAt = kOwnActiveAt + active::kCount;
inline constexpr int kCompactSize = kFoeActiveAt + active::kCount;

// Widths of the float rows.
inline constexpr int kPokemonWidth = pokemon::kCount - pokemon::kKeys + kStatusCount + kTypeCount;
inline constexpr int kMoveWidth = move::kCount + kMoveProperties;
inline constexpr int kActiveWidth = active::kCount - active::kKeys + kTypeCount;
inline constexpr int kFloatSize = global::kCount + 2 * kTeamSize * kPokemonWidth + 2 * kKnownMoves * known_move::kCount +
                                  2 * kMoveSlots * kMoveWidth + 2 * kActiveWidth;

}  // namespace gen1::columns
