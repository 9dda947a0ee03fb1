// What happens in a battle, as small typed events in the order in which Showdown logs it.
//
// The rules call `sink.on(event, battle)` at each place where Showdown writes a line; the battle is in its state at that
// moment. A sink overloads `on` for the events it wants (log.hpp writes the protocol, observers follow what a player
// learns) and ignores the rest with a template. NullSink ignores everything, and all of this compiles away.
//
// `side` is the side of the Pokemon on the field that the event is about. The comment gives the protocol line.
#pragma once

#include <cstdint>

#include "state.hpp"

namespace gen1::event {

// The HP that a line shows: exactly to its owner, in percent to the other player (see percent()).
struct Health {
    std::uint16_t hp, max_hp;
    Status status;
};

inline Health health(const Pokemon& pokemon) { return {pokemon.hp, pokemon.max_hp, pokemon.status}; }

// The percentage that the opponent sees: rounded up, but 100 only at full HP.
inline int percent(std::uint32_t hp, std::uint32_t max_hp) {
    const std::uint32_t rounded = (100 * hp + max_hp - 1) / max_hp;
    return static_cast<int>(rounded == 100 && hp < max_hp ? 99 : rounded);
}

struct Blank {};                       // |                 (a decision point, the residual phase, the end)
struct TeamSizes {};                   // |teamsize|p1|6, |teamsize|p2|6, |start
struct Switch { int side; Health health; std::uint8_t pokemon; };  // |switch|  pokemon: index in Side::team
struct Turn { int turn; };             // |turn|3
struct Upkeep {};                      // |upkeep
struct Faint { int side; };            // |faint|p1a: X
struct Win { int side; };              // |win|name      (after a Blank)
struct Tie {};                         // |tie           (after a Blank)
struct TurnsLeft { int turns; };       // |bigerror|You will auto-tie ...

// |move|p1a: X|Wrap|p2a: Y|[from] Metronome     caller: the calling move, or the move itself where it is locked in, or 0
struct UseMove { int side; std::uint8_t move; int target; std::uint8_t caller; };
enum class Mark : std::uint8_t { Miss, Still };  // [miss], [still]
struct MarkMove { Mark mark; };        // appended to the last |move| line
struct Prepare { int side; std::uint8_t move; };  // |-prepare|p1a: X|Dig
struct Miss { int side; };             // |-miss|p1a: X  (side: the user)
struct InvulnerableMiss { int side; }; // |-message|The foe X can't be hit while invulnerable!
enum class FailReason : std::uint8_t { None, Status, Substitute, Weak };
struct Fail { int side; FailReason reason; Status status; };  // |-fail|p1a: X[|par][|move: Substitute[|[weak]]]
struct Immune { int side; bool ohko; };  // |-immune|p1a: X[|[ohko]]
struct Critical { int side; };         // |-crit|p1a: X   (side: who is hit)
struct SuperEffective { int side; };   // |-supereffective|p1a: X
struct Resisted { int side; };         // |-resisted|p1a: X
struct HitCount { int side; int hits; };  // |-hitcount|p1a: X|3
struct OneHitKo {};                    // |-ohko
struct Nothing {};                     // |-nothing       (Splash)
struct PayDay {};                      // |-fieldactivate|move: Pay Day
struct MustRecharge { int side; };     // |-mustrecharge|p1a: X
struct Transformed { int side; };      // |-transform|p1a: X|p2a: Y

enum class CantReason : std::uint8_t { Sleep, Freeze, Paralysis, Flinch, Recharge, Trapped, Disable };
struct Cant { int side; CantReason reason; std::uint8_t move; };  // |cant|p1a: X|par   move: only for Disable

enum class DamageReason : std::uint8_t { Move, Recoil, Burn, Poison, LeechSeed, Confusion };
// |-damage|p1a: X|50/100[|[from] brn[|[of] p2a: Y]]   of_foe: with the [of] part, which names the foe
struct Damage { int side; Health health; DamageReason reason; bool of_foe; };
enum class HealReason : std::uint8_t { Move, Silent, Drain };
struct Heal { int side; Health health; HealReason reason; };  // |-heal|p1a: X|50/100[|[silent]][|[from] drain|[of] p2a: Y]

// |-status|p1a: X|slp|[from] move: Sing    move: only for sleep; silent: toxic poisoning that becomes poisoning
struct StatusStart { int side; Status status; std::uint8_t move; bool silent; };
struct StatusEnd { int side; Status status; bool silent; };  // |-curestatus|p1a: X|slp|[msg] or [silent]
enum class BoostStat : std::uint8_t { atk, def, spe, spa, spd, accuracy, evasion };
struct Boost { int side; BoostStat stat; int amount; bool rage; };  // |-boost|, |-unboost| ... [|[from] Rage]
struct HazeUsed { int side; };         // |-activate|p1a: X|move: Haze, |-clearallboost|[silent]

enum class Condition : std::uint8_t {
    Bide, Confusion, Disable, FocusEnergy, LeechSeed, LightScreen, Mimic, Mist, Reflect, Substitute, ToxicCounter,
    TypeChange, Trapped,
};
// |-start|p1a: X|confusion   move: of Disable and Mimic; silent: confusion after Thrash.
// TypeChange: the types are in the state, the foe is its source.
struct Start { int side; Condition condition; std::uint8_t move; bool silent; };
struct End { int side; Condition condition; bool silent; };  // |-end|p1a: X|Substitute
enum class Activated : std::uint8_t { Bide, Confusion, SubstituteDamage, Mist };
struct Activate { int side; Activated what; };  // |-activate|p1a: X|Substitute|[damage]

struct SleepClause {};                 // |-message|Sleep Clause Mod activated.   (and its hint)
struct FreezeClause {};                // |-message|Freeze Clause activated.
struct EndlessBattle {};               // |-message|This battle cannot progress. Endless Battle Clause activated!
struct TurnLimit {};                   // |message|It is turn 1000. You have hit the turn limit!

enum class HintText : std::uint8_t {
    PpUnderflow,        // to the side alone
    CannotMoveAsleep, CannotMoveLocked, CannotMoveBide,
    Desync, DesyncMove, // the first line and the second
    NoMove,
    TrapRecharge,       // once
    RageBuilds,         // once a move (Explosion, Self-Destruct, Disable)
    FullAccuracyMiss,
    ExplosionSubstitute,
    RechargeSleep,
    StatRollover, DivisionByZero,
    BoostLimit, DropLimit,  // once
    CounterSleep,
    CounterAnnounced,   // to the side alone, as is its Desync line
    InvulnerableParalysis,  // once
    RecoveryFails, PsywaveLevel, SubstituteConfusion,
    SelfHitSubstitute, SelfHitNoSubstitute,
    ToxicCounterKept, LeechSeedToxic, LeechSeedUnlimited,  // once
    SleepClause,
};
inline constexpr int kEverybody = -1;
// |-hint|text   only: the one side that sees it, or kEverybody; move: the move that RageBuilds and ExplosionSubstitute name
struct Hint { HintText text; int only = kEverybody; std::uint8_t move = kNoMove; };

}  // namespace gen1::event

namespace gen1 {

struct NullSink {
    template <class Event>
    void on(const Event&, const Battle&) {}
};

}  // namespace gen1
