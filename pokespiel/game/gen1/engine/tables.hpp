// The facts about species, moves and types. The rows are generated (tools/generate_tables.mjs); this file says what they mean.
#pragma once

#include <cstdint>

namespace gen1 {

enum class Type : std::uint8_t {
    Normal, Fighting, Flying, Poison, Ground, Rock, Bug, Ghost, Fire, Water, Grass, Electric, Psychic, Ice, Dragon,
    Unknown,  // "???": Bide, and the move that a thawed Pokemon without a selected move uses
};

enum class Category : std::uint8_t { Physical, Special, Status };

// The order of Active::stored, Active::modified and Active::boosts. Showdown keeps Special twice, as spa and spd;
// they are always equal in this generation.
enum class Stat : std::uint8_t { Attack, Defense, Speed, Special, Accuracy, Evasion };

// Selects the code that runs for a move. The secondary effect (a chance on hit) is separate.
enum class Effect : std::uint8_t {
    None,
    Boost,  // parameter: the stages, of MoveData::stat; on the user where the move targets itself
    Sleep, Poison, Toxic, Paralyze, Confuse, Disable, LeechSeed, Mist, FocusEnergy, Bide, LightScreen, Reflect,
    Substitute, Conversion, Haze, Recover, Rest, Metronome, MirrorMove, Mimic, Transform, Splash, Teleport, PayDay,
    JumpKick,  // and High Jump Kick: crash damage on failure
    Counter, Psywave, SuperFang, LevelDamage,
    FixedDamage,  // parameter: the damage
    Ohko,
    MultiHit,   // 2 to 5 hits
    DoubleHit,  // 2 hits
    Drain, DreamEater,
    Recoil,  // parameter: the divisor of the damage dealt
    Explode,
    TwoTurn,
    Fly,     // and Dig: two turns, cannot be hit between them
    Thrash,  // and Petal Dance
    Rage, HyperBeam,
    Trap,  // Bind, Wrap, Fire Spin, Clamp
};

enum class Secondary : std::uint8_t { None, Burn, Freeze, Paralyze, Poison, Flinch, Confusion, Lower };

struct MoveData {
    std::uint8_t num;
    Type type;
    Category category;
    std::uint8_t power;
    std::uint8_t accuracy;  // out of 255; 0: never misses by accuracy
    std::uint8_t pp;        // without PP Ups
    std::uint8_t max_pp;    // with three PP Ups
    std::int8_t priority;
    bool self;  // targets its user
    Effect effect;
    std::int8_t parameter;
    Secondary secondary;
    std::uint8_t chance;  // of the secondary effect, out of 256
    Stat stat;            // of Effect::Boost and Secondary::Lower
    bool high_critical;
    bool ignores_immunity;
    bool keeps_last_damage;  // does not set Battle::last_damage to 0 when used
    bool two_turn;
    bool metronome;  // can be called by Metronome
};

struct SpeciesData {
    std::uint8_t hp, attack, defense, speed, special;  // base stats
    Type types[2];                                     // equal where there is one
};

struct MoveName {
    const char* id;
    const char* name;
    const char* target;  // Showdown's word for it, as requests show it
};

struct SpeciesName {
    const char* id;
    const char* name;
};

#include "tables_data.hpp"

// Move numbers that the rules use by name, and two that only a side's last selected move can have.
enum Move : std::uint8_t {
    kNoMove = 0,
    kFlyMove = 19,
    kSwift = 129,
    kDisableMove = 50,
    kCounter = 68,
    kFissure = 90,
    kWrap = 35,
    kRageMove = 99,
    kBideMove = 117,
    kMetronome = 118,
    kMirrorMove = 119,
    kTransform = 144,
    kExplosion = 153,
    kStruggle = 165,
    kNothingSelected = 166,  // Showdown's "nomove": no move selected in this battle yet
    kCannotMove = 167,       // Showdown's "cannotmove": a turn spent trapped, or cured by Haze
};

inline constexpr int kMoveCount = 165;
inline constexpr int kSpeciesCount = 151;

}  // namespace gen1
