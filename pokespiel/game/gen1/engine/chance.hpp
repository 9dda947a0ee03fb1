// Chance: every random event of the rules has a name and goes through one small interface.
//
// A chance is a type with
//
//     bool chance(Roll, numerator, denominator)    true with probability numerator / denominator
//     uint32 range(Roll, first, last)              uniform in [first, last)
//     uint32 sample(Roll, list, size)              one entry of a list, equal ones adjacent
//     uint32 damage(amount)                        amount * r / 255 for a uniform r in 217..255
//     uint32 extra(n)                              a number below n that Showdown draws and that decides nothing
//
// There are four: Generator (Showdown's numbers), Script (tests), Replay (a given outcome for each roll: one roll at a
// time, or all of them, see enumerate.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace gen1 {

enum class Roll : std::uint8_t {
    SpeedTie,        // range 0..1: the side that acts first
    Hit,             // chance
    Critical,        // chance
    Damage,          // 217..255
    Secondary,       // chance: the secondary effect happens
    HitCount,        // sample 2, 3, 4, 5
    Paralysis,       // chance: fully paralyzed
    ConfusedHit,     // chance: the confused Pokemon gets its move off
    SleepTurns,      // range 1..7
    ConfusionTurns,  // range 2..5
    BideTurns,       // range 2..3
    ThrashTurns,     // range 2..3
    TrapTurns,       // sample 2, 3, 4, 5
    DisableSlot,     // sample: a move slot with PP, from 0
    DisableTurns,    // range 1..8
    MimicSlot,       // range: the foe's move slot, from 0
    Metronome,       // sample: the number of a move
    Psywave,         // range 1..: the damage
};

inline constexpr int kRollCount = 18;

inline const char* roll_name(Roll roll) {
    static constexpr const char* kNames[kRollCount] = {
        "speed_tie", "hit", "critical", "damage", "secondary", "hit_count", "paralysis", "confused_hit", "sleep_turns",
        "confusion_turns", "bide_turns", "thrash_turns", "trap_turns", "disable_slot", "disable_turns", "mimic_slot",
        "metronome", "psywave"};
    return kNames[static_cast<int>(roll)];
}

inline constexpr std::uint32_t kLowestDamageRoll = 217, kHighestDamageRoll = 255;

inline std::uint32_t rolled_damage(std::uint32_t amount, std::uint32_t roll) { return amount * roll / 255; }

// Showdown's Gen 5 generator: a linear congruential generator whose upper half is the number.
class Generator {
  public:
    explicit Generator(std::uint64_t& seed) : seed_(seed) {}

    bool chance(Roll, std::uint32_t numerator, std::uint32_t denominator) { return below(denominator) < numerator; }
    std::uint32_t range(Roll, std::uint32_t first, std::uint32_t last) { return first + below(last - first); }
    std::uint32_t sample(Roll, const std::uint8_t* list, std::uint32_t size) { return list[below(size)]; }
    std::uint32_t damage(std::uint32_t amount) {
        return rolled_damage(amount, range(Roll::Damage, kLowestDamageRoll, kHighestDamageRoll + 1));
    }
    std::uint32_t extra(std::uint32_t n) { return below(n); }

  private:
    std::uint32_t below(std::uint32_t n) {
        seed_ = seed_ * 0x5D588B656C078965u + 0x269EC3u;
        return static_cast<std::uint32_t>((seed_ >> 32) * n >> 32);
    }

    std::uint64_t& seed_;
};

// The rolls a test expects, in order, by name and value. A roll of another name, a value that the roll cannot take and
// a script that ends early throw std::invalid_argument; finish() throws if rolls are left over.
class Script {
  public:
    struct Entry {
        Roll roll;
        std::uint32_t value;  // 0 or 1 for a chance; the number itself elsewhere (damage: 217..255)
    };

    explicit Script(std::vector<Entry> entries) : entries_(std::move(entries)) {}

    bool chance(Roll roll, std::uint32_t, std::uint32_t) { return next(roll, 0, 2); }
    std::uint32_t range(Roll roll, std::uint32_t first, std::uint32_t last) { return next(roll, first, last); }
    std::uint32_t sample(Roll roll, const std::uint8_t* list, std::uint32_t size) {
        const std::uint32_t value = next(roll, 0, 256);
        for (std::uint32_t i = 0; i < size; ++i)
            if (list[i] == value) return value;
        throw std::invalid_argument(std::string("roll '") + roll_name(roll) + "' cannot be " + std::to_string(value));
    }
    std::uint32_t damage(std::uint32_t amount) {
        return rolled_damage(amount, next(Roll::Damage, kLowestDamageRoll, kHighestDamageRoll + 1));
    }
    std::uint32_t extra(std::uint32_t) { return 0; }

    void finish() const {
        if (position_ == entries_.size()) return;
        throw std::invalid_argument(std::to_string(entries_.size() - position_) + " rolls of the script were not used; the first is '" +
                                    roll_name(entries_[position_].roll) + "'");
    }

  private:
    std::uint32_t next(Roll roll, std::uint32_t first, std::uint32_t last) {
        if (position_ == entries_.size())
            throw std::invalid_argument(std::string("the script ends where roll '") + roll_name(roll) + "' is due");
        const Entry entry = entries_[position_++];
        if (entry.roll != roll)
            throw std::invalid_argument(std::string("roll '") + roll_name(roll) + "' is due, the script has '" + roll_name(entry.roll) + "'");
        if (entry.value < first || entry.value >= last)
            throw std::invalid_argument(std::string("roll '") + roll_name(roll) + "' expects " + std::to_string(first) + " to " +
                                        std::to_string(last - 1) + ", the script has " + std::to_string(entry.value));
        return entry.value;
    }

    std::vector<Entry> entries_;
    std::size_t position_ = 0;
};

// One node of the decision tree: a roll and which of its outcomes is taken. Outcomes with the same consequence (damage
// rolls that round to the same damage) are one outcome where `grouped` is set.
struct Outcome {
    Roll roll;
    std::uint32_t value;        // the number that the roll gives (a chance: 1 or 0; damage: the lowest roll of the group)
    std::uint32_t weight;       // of denominator
    std::uint32_t denominator;
    std::uint32_t index;        // 0, 1, ... among the roll's outcomes
    bool last;                  // no outcome follows
};

// Takes the outcomes of a path; past its end takes each roll's first outcome and appends it to the path.
// A path is moved to the next leaf of the tree with advance().
class Replay {
  public:
    Replay(std::vector<Outcome>& path, bool grouped) : path_(path), grouped_(grouped) {}

    bool chance(Roll roll, std::uint32_t numerator, std::uint32_t denominator) {
        const Outcome& outcome = step(roll, [&](std::uint32_t index) {
            return Outcome{roll, 1 - index, index ? denominator - numerator : numerator, denominator, index, index == 1};
        });
        return outcome.value;
    }
    std::uint32_t range(Roll roll, std::uint32_t first, std::uint32_t last) {
        return step(roll, [&](std::uint32_t index) {
            return Outcome{roll, first + index, 1, last - first, index, first + index + 1 == last};
        }).value;
    }
    std::uint32_t sample(Roll roll, const std::uint8_t* list, std::uint32_t size) {
        return step(roll, [&](std::uint32_t index) { return group(roll, list, size, index); }).value;
    }
    std::uint32_t damage(std::uint32_t amount) {
        const Outcome& outcome = step(Roll::Damage, [&](std::uint32_t index) { return damage_group(amount, index); });
        return rolled_damage(amount, outcome.value);
    }
    std::uint32_t extra(std::uint32_t) { return 0; }

    // Outcomes of the path that the turn did not ask for.
    std::size_t unused() const { return path_.size() - position_; }

  private:
    template <class Make>
    const Outcome& step(Roll roll, Make make) {
        if (position_ == path_.size()) {
            path_.push_back(make(0));
        } else if (path_[position_].denominator == 0) {  // given by index alone
            const std::uint32_t index = path_[position_].index;
            Outcome outcome = make(0);
            while (outcome.index < index) {
                if (outcome.last)
                    throw std::invalid_argument(std::string("roll '") + roll_name(roll) + "' has " + std::to_string(outcome.index + 1) +
                                                " outcomes; outcome " + std::to_string(index) + " was asked for");
                outcome = make(outcome.index + 1);
            }
            path_[position_] = outcome;
        }
        return path_[position_++];
    }

    static Outcome group(Roll roll, const std::uint8_t* list, std::uint32_t size, std::uint32_t index) {
        std::uint32_t first = 0, last = 0;
        for (std::uint32_t skipped = 0;; ++skipped) {
            for (last = first; last < size && list[last] == list[first];) ++last;
            if (skipped == index) break;
            first = last;
        }
        return Outcome{roll, list[first], last - first, size, index, last == size};
    }

    Outcome damage_group(std::uint32_t amount, std::uint32_t index) const {
        constexpr std::uint32_t kRolls = kHighestDamageRoll - kLowestDamageRoll + 1;
        if (!grouped_) return Outcome{Roll::Damage, kLowestDamageRoll + index, 1, kRolls, index, index + 1 == kRolls};
        std::uint32_t first = kLowestDamageRoll, last = 0;
        for (std::uint32_t skipped = 0;; ++skipped) {
            for (last = first; last <= kHighestDamageRoll && rolled_damage(amount, last) == rolled_damage(amount, first);) ++last;
            if (skipped == index) break;
            first = last;
        }
        return Outcome{Roll::Damage, first, last - first, kRolls, index, last > kHighestDamageRoll};
    }

    std::vector<Outcome>& path_;
    std::size_t position_ = 0;
    bool grouped_;
};

}  // namespace gen1
