// The state of a battle: plain data of 520 bytes, copied with memcpy, compared and hashed as bytes.
//
// Fields that are not in use are 0, so that equal situations are equal bytes. The names in
// brackets are Showdown's. A side is 0 (p1) or 1 (p2) everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tables.hpp"

namespace gen1 {

inline constexpr int kTeamSize = 6;
inline constexpr int kMoveSlots = 4;

enum class Status : std::uint8_t { None, Sleep, Poison, Burn, Freeze, Paralysis, Toxic };

// One Pokemon of a party. Its index in Side::team never changes; its place in the party order does (Side::order).
struct Pokemon {
    enum Flag : std::uint8_t {
        kRested = 1,            // asleep by Rest, so the Sleep Clause does not count it [statusState.source is an ally]
        kSubstituteBroke = 2,   // [subFainted]; survives switching out
    };
    std::uint16_t hp;       // [hp]
    std::uint16_t max_hp;   // [maxhp, baseMaxhp]
    std::uint16_t stats[4]; // [baseStoredStats], in the order of Stat: atk, def, spe, spa = spd
    std::uint8_t moves[kMoveSlots];  // [baseMoveSlots[i].id], kNoMove past the last
    std::uint8_t pp[kMoveSlots];     // [baseMoveSlots[i].pp], 0-63
    std::uint8_t species;            // [set.species], by number; 0: no Pokemon
    std::uint8_t level;              // 1-100
    Status status;                   // [status]; None once fainted
    std::uint8_t sleep;              // [statusState.time], turns of sleep left
    std::uint8_t flags;              // Flag
    std::uint8_t speed_gene;         // Speed IV (twice the DV) + EV / 4: Transform reads a Speed under the new species
    std::uint8_t unused[2];
};

// Data of the Pokemon on the field only. The arrays of four stats are in the order of Stat.
struct Active {
    enum Volatile : std::uint32_t {
        kBide = 1u << 0,
        kThrash = 1u << 1,        // [lockedmove]
        kRage = 1u << 2,
        kTwoTurn = 1u << 3,       // [twoturnmove]
        kInvulnerable = 1u << 4,  // [invulnerability], which full paralysis can leave behind
        kTrapping = 1u << 5,      // [partialtrappinglock]: holds the foe
        kTrapStale = 1u << 6,     // the trapped foe has left since [locked is not the foe on the field]
        kTrapped = 1u << 7,       // [partiallytrapped]
        kTrappedLong = 1u << 8,   // [partiallytrapped.maybeLocked]: past the trap's first turn
        kFakeTrapped = 1u << 9,   // [fakepartiallytrapped]: the trap has ended, the player does not know
        kConfused = 1u << 10,
        kFlinched = 1u << 11,
        kRecharging = 1u << 12,   // [mustrecharge]
        kSubstitute = 1u << 13,
        kSeeded = 1u << 14,       // [leechseed]
        kToxicCounter = 1u << 15, // [residualdmg]
        kMist = 1u << 16,
        kFocusEnergy = 1u << 17,
        kLightScreen = 1u << 18,
        kReflect = 1u << 19,
        kDisabled = 1u << 20,     // [disable]
        kTransformed = 1u << 21,  // [transformed]
        kMaybeLocked = 1u << 22,  // [maybeLocked], as the last move request showed it
        kVirtual = 1u << 24,      // and the next three bits: move slot i is not the Pokemon's own [moveSlots[i].virtual]
    };
    std::uint32_t volatiles;    // Volatile
    std::uint32_t bide_damage;  // [volatiles.bide.damage]
    std::uint16_t stored[4];    // [storedStats]
    std::uint16_t modified[4];  // [modifiedStats]
    std::uint16_t speed;        // [speed], cached: it breaks no ties but costs random numbers
    std::uint16_t trap_damage;  // [volatiles.partialtrappinglock.damage]
    std::uint16_t toxic;        // [volatiles.residualdmg.counter]
    std::int8_t boosts[6];      // [boosts], in the order of Stat
    std::uint8_t species;       // [species], of the foe after Transform
    Type types[2];              // [types], equal where there is one
    std::uint8_t moves[kMoveSlots];  // [moveSlots[i].id]
    std::uint8_t pp[kMoveSlots];     // [moveSlots[i].pp]
    std::uint8_t last_move;          // [lastMove]
    std::uint8_t substitute;         // [volatiles.substitute.hp]
    std::uint8_t confusion;          // [volatiles.confusion.time]
    std::uint8_t bide_time;          // [volatiles.bide.time]
    std::uint8_t disable_slot;       // [volatiles.disable.slotIndex]
    std::uint8_t disable_move;       // [volatiles.disable.move]
    std::uint8_t disable_time;       // [volatiles.disable.time]
    std::uint8_t thrash_move;        // [volatiles.lockedmove.move]
    std::uint8_t thrash_time;        // [volatiles.lockedmove.time]
    std::uint8_t thrash_accuracy;    // [volatiles.lockedmove.accuracy]
    std::uint8_t rage_accuracy;      // [volatiles.rage.accuracy]
    std::uint8_t two_turn_move;      // [volatiles.twoturnmove.move]
    std::uint8_t trap_move;          // [volatiles.partialtrappinglock.move]
    std::uint8_t trap_total;         // [volatiles.partialtrappinglock.totalDuration]
    std::uint8_t trap_duration;      // [volatiles.partialtrappinglock.duration]
    std::uint8_t trapped_duration;   // [volatiles.partiallytrapped.duration]
    std::uint8_t fake_duration;      // [volatiles.fakepartiallytrapped.duration]

    bool has(std::uint32_t bits) const { return volatiles & bits; }
};

struct Side {
    Active active;
    Pokemon team[kTeamSize];
    std::uint8_t order[kTeamSize];     // [pokemon]: party position -> index in team; position 0 is on the field
    std::uint8_t size;                 // Pokemon in the party
    std::uint8_t left;                 // [pokemonLeft]
    std::uint8_t last_selected;        // [lastSelectedMove], or kNothingSelected, kCannotMove
    std::uint8_t last_selected_slot;   // [lastSelectedMoveSlot]
    std::uint8_t last_selected_enemy;  // [lastEnemySelectedMove]: the same, as the other player's game sees it
    std::uint8_t last_move;            // [lastMove]
    std::uint8_t last_move_enemy;      // [lastEnemyMove]
    std::uint8_t fainted_this_turn;    // [faintedThisTurn]: 0 or 1
    std::uint8_t unused[2];

    Pokemon& pokemon() { return team[order[0]]; }
    const Pokemon& pokemon() const { return team[order[0]]; }
};

// What a side is asked.
enum class Request : std::uint8_t { None, Move, Switch };

enum class Result : std::uint8_t { Playing, P1Wins, P2Wins, Tie };

struct Battle {
    std::uint64_t seed;        // the generator [prng]
    std::uint32_t last_damage; // [lastDamage]
    std::uint16_t turn;        // [turn]
    Request requests[2];       // [sides[i].requestState]; None: the side waits, or the battle is over
    Result result;             // [ended, winner]
    std::uint8_t unused[7];
    Side sides[2];

    bool ended() const { return result != Result::Playing; }
};

static_assert(sizeof(Pokemon) == 28);
static_assert(sizeof(Active) == 64);
static_assert(sizeof(Side) == 248);
static_assert(sizeof(Battle) == 520);
static_assert(std::is_trivially_copyable_v<Battle> && std::is_standard_layout_v<Battle>);

// Equality of situations: everything but the generator.
inline bool same_situation(const Battle& a, const Battle& b) {
    return std::memcmp(&a.last_damage, &b.last_damage, sizeof(Battle) - offsetof(Battle, last_damage)) == 0;
}

}  // namespace gen1
