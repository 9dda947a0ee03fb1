// What one player knows of a battle: plain data that follows the events which that player sees.
//
// The same data comes from two sources. In a battle of the engine, Observer (observer.hpp) passes on each event as the
// player would see it: the foe's HP in percent, no move slots, no counters. For a Showdown server, Tracker (protocol.hpp)
// reads the same events from protocol lines and `|request|`. Nothing else enters, so hidden facts cannot leak, and both
// sources give equal features.
//
// Everything here is certain or counted from what was shown: the foe's PP are what is left if each shown use cost one, and
// a counter is the number of turns seen, never the length that the battle rolled.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "events.hpp"
#include "state.hpp"

namespace gen1 {

inline constexpr int kActions = 9;         // 0-3: "move 1" to "move 4"; 4-8: "switch 2" to "switch 6"
inline constexpr std::uint8_t kFight = 168;     // the request's pseudo moves, in addition to the numbers in tables.hpp
inline constexpr std::uint8_t kRecharge = 169;
inline constexpr int kMoveCodes = 170;     // every number that stands for a move in a request or a view

// A move that a Pokemon is known to have.
struct KnownMove {
    std::uint8_t move;    // kNoMove: not known
    std::uint8_t pp;      // own: exact if the server or the rules reveal it; foe: left if each shown use cost 1
    std::uint8_t max_pp;
    std::uint8_t disabled;  // own, as the request shows it; foe: as the message showed it
};

// A Pokemon of either party.
struct KnownPokemon {
    enum Flag : std::uint8_t {
        kRevealed = 1,
        kFainted = 2,
        kRested = 4,  // asleep by its own Rest: wakes after two turns, and the Sleep Clause does not count it
    };
    std::uint16_t hp;        // own: points; foe: the percentage shown
    std::uint16_t max_hp;    // own: points; foe: 100
    std::uint16_t share;     // hp / max_hp in ten thousandths, rounded down
    std::uint16_t full_hp;   // points at full HP; the foe's is assumed (highest DVs and stat experience)
    std::uint16_t stats[4];  // unmodified, in the order of Stat; the foe's are assumed
    std::uint8_t species;    // 0: not revealed
    std::uint8_t level;
    Status status;
    std::uint8_t flags;
    std::uint8_t sleep_turns;  // turns that it was seen to lose by sleep
    std::uint8_t unused;
    KnownMove moves[kMoveSlots];  // its own moves, not those of Mimic and Transform
};

// What is known of the Pokemon on the field only.
struct KnownActive {
    enum Flag : std::uint32_t {
        kSubstitute = 1u << 0,
        kReflect = 1u << 1,
        kLightScreen = 1u << 2,
        kMist = 1u << 3,
        kFocusEnergy = 1u << 4,
        kSeeded = 1u << 5,
        kConfused = 1u << 6,
        kDisabled = 1u << 7,
        kToxicCounter = 1u << 8,
        kBide = 1u << 9,
        kThrash = 1u << 10,
        kRage = 1u << 11,
        kCharging = 1u << 12,
        kInvulnerable = 1u << 13,
        kRecharging = 1u << 14,
        kTrapping = 1u << 15,     // its last action was a trapping move that hit: it may be locked in, and the foe may be held
        kTransformed = 1u << 16,
        kTypeChanged = 1u << 17,
        kMimicked = 1u << 18,
        kConfusionPending = 1u << 19,  // "is confused" was shown, but not yet its result
        kFresh = 1u << 20,        // Rage or a trapping move was just used and may turn out to have missed
    };
    std::uint32_t flags;
    std::uint16_t stored[4];    // stats without stages, of the foe after Transform, in the order of Stat
    std::uint16_t modified[4];  // stats as the damage formula takes them
    std::int8_t boosts[6];      // in the order of Stat
    std::uint8_t species;       // of the foe after Transform
    Type types[2];              // equal where there is one
    std::uint8_t last_move;     // the move that Mirror Move would copy; kNoMove: none
    std::uint8_t root_move;     // the move that it chose last, whose slot pays the PP
    std::uint8_t charging_move; // of kCharging
    std::uint8_t disabled_move; // of kDisabled
    std::uint8_t turns;         // turns on the field
    std::uint8_t confused_turns, disabled_turns, toxic_turns, bide_turns, thrash_turns, trapping_turns;
    std::uint8_t reflect_turns, light_screen_turns, substitute_hits;
    std::uint8_t acted;         // it acted this turn, as Disable counts it
    KnownMove moves[kMoveSlots];  // what it can use now: its own moves unless changed by Mimic or Transform
};

// One side: the party in a fixed order (own: as sent to the battle; foe: as revealed) and the Pokemon on the field.
struct KnownSide {
    KnownActive active;
    KnownPokemon party[kTeamSize];
    std::uint8_t order[kTeamSize];  // place in the party -> index; own: as "switch N" counts. order[0] is on the field
    std::uint8_t size;       // Pokemon in the party
    std::uint8_t known;      // number of them that are revealed
    std::uint8_t fainted;
    std::uint8_t used_move;  // the last move shown by this side [Side::last_move], which Counter looks at
    std::uint8_t transform_of;  // 1 + index of the foe's Pokemon that the one on the field became, while untampered

    KnownPokemon& pokemon() { return party[order[0]]; }
    const KnownPokemon& pokemon() const { return party[order[0]]; }
};

// What the player is asked, as in `|request|`.
struct Ask {
    Request request;         // None: it waits
    std::uint8_t maybe_locked;
    std::uint8_t trapped;
    std::uint8_t pp_shown;   // the request shows PP (no lock)
    std::uint8_t move_count;
    std::uint8_t moves[kMoveSlots];      // numbers, or kStruggle, kFight, kRecharge
    std::uint8_t usable[kMoveSlots];     // not disabled
    std::uint8_t pp[kMoveSlots], max_pp[kMoveSlots];
    std::uint8_t active_moves[kMoveSlots];  // all moves of the Pokemon on the field [side.pokemon[0].moves]
};

struct Knowledge {
    KnownSide sides[2];      // 0: own, 1: the foe's
    Ask ask;
    std::uint16_t turn;
    std::int16_t last_damage[2];  // the last hit that each side took: own in points, foe in percent
    std::uint8_t player;     // 0: p1, 1: p2
    std::uint8_t result;     // Result
    std::uint8_t stale[2];   // by seat, bit i: status or moves of party[i] changed since expected damages were computed
    std::uint8_t changed;    // bit s: seat s's Pokemon on the field changed since expected damages were computed, in what they depend on
    std::uint8_t boosted;    // 1 + seat, if the last event was a change of stages: see learn(Boost)
    event::BoostStat boost_stat;
    std::uint8_t boost_raised;
    std::uint8_t mover;      // the side whose move is under way
    std::uint8_t super_fang; // some known move's damage depends on the remaining HP
    std::uint16_t before_boost[2][4];  // modified stats of both before that event

    static constexpr std::uint8_t kBothChanged = 3;

    int seat_of(int side) const { return side == player ? 0 : 1; }  // 0 own, 1 foe, of an event's side
};

static_assert(std::is_trivially_copyable_v<Knowledge> && std::is_standard_layout_v<Knowledge>);

// Highest stats at a level: all DVs and stat experience full. HP in points.
std::uint16_t highest_stat(int species, int level, Stat stat);
std::uint16_t highest_hp(int species, int level);

// One member of a player's own party, as the first request (or the battle) gives it.
struct OwnPokemon {
    std::uint8_t species, level;
    Status status;
    std::uint16_t hp, max_hp, stats[4];
    std::uint8_t moves[kMoveSlots];
    std::uint8_t pp[kMoveSlots];  // at the start
};

// Knowledge before the first event.
Knowledge know_nothing(int player, int foe_size);
void know_own(Knowledge& knowledge, int index, const OwnPokemon& pokemon);

// A Pokemon enters the field: a switch, with what the line shows. `index`: in the own party; ignored for the foe's.
struct Appeared {
    int side;
    std::uint8_t species, level;
    event::Health health;
    int index;
};
// The new types of Conversion.
struct Typed {
    int side;
    Type types[2];
};

// Each event, with the HP as this player sees it (own: points; foe: {percent, 100}). Events without a meaning for the
// player's knowledge are not listed.
void learn(Knowledge&, const Appeared&);
void learn(Knowledge&, const Typed&);
void learn(Knowledge&, const event::UseMove&);
void learn(Knowledge&, const event::Cant&);
void learn(Knowledge&, const event::Damage&);
void learn(Knowledge&, const event::Heal&);
void learn(Knowledge&, const event::StatusStart&);
void learn(Knowledge&, const event::StatusEnd&);
void learn(Knowledge&, const event::Boost&);
void learn(Knowledge&, const event::HazeUsed&);
void learn(Knowledge&, const event::Start&);  // but TypeChange, which is Typed
void learn(Knowledge&, const event::End&);
void learn(Knowledge&, const event::Activate&);
void learn(Knowledge&, const event::Transformed&);
void learn(Knowledge&, const event::Prepare&);
void learn(Knowledge&, const event::Miss&);
void learn(Knowledge&, const event::Immune&);
void learn(Knowledge&, const event::MustRecharge&);
void learn(Knowledge&, const event::Faint&);
void learn(Knowledge&, const event::Upkeep&);
void learn(Knowledge&, const event::Turn&);
void learn(Knowledge&, Result);

// What the player is asked, after the events that led there. The caller first sets the request's HP, status and party
// order (they repeat what the events said); this corrects PP and what follows from the player's own locks.
void learn(Knowledge&, const Ask&);

// Legal actions: bit a of kActions.
std::uint16_t legal_actions(const Knowledge&);

}  // namespace gen1
