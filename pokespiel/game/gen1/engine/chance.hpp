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
// Generator rolls Showdown's numbers, Script the numbers of a test, Replay given outcomes (see enumerate.hpp).
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

// The name of a roll in scripts and in Python.
inline const char* roll_name(Roll roll) {
    static constexpr const char* kNames[kRollCount] = {
        "speed_tie", "hit", "critical", "damage", "secondary", "hit_count", "paralysis", "confused_hit", "sleep_turns",
        "confusion_turns", "bide_turns", "thrash_turns", "trap_turns", "disable_slot", "disable_turns", "mimic_slot",
        "metronome", "psywave"};
    return kNames[static_cast<int>(roll)];
}

[[noreturn]] inline void refuse_roll(Roll roll, const std::string& what) {
    throw std::invalid_argument(std::string("roll '") + roll_name(roll) + "' " + what);
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

// The rolls that a test expects, in order, by name and value. A roll of another name, a value that the roll cannot take and
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
        refuse_roll(roll, "cannot be " + std::to_string(value));
    }
    std::uint32_t damage(std::uint32_t amount) {
        return rolled_damage(amount, next(Roll::Damage, kLowestDamageRoll, kHighestDamageRoll + 1));
    }
    std::uint32_t extra(std::uint32_t) { return 0; }

    void finish() const {
        if (position_ == entries_.size()) return;
        const std::size_t left = entries_.size() - position_;
        refuse_roll(entries_[position_].roll, "was not used, the first of " + std::to_string(left) + " left of the script");
    }

  private:
    std::uint32_t next(Roll roll, std::uint32_t first, std::uint32_t last) {
        if (position_ == entries_.size()) refuse_roll(roll, "is due where the script ends");
        const Entry entry = entries_[position_++];
        if (entry.roll != roll) refuse_roll(roll, std::string("is due, the script has '") + roll_name(entry.roll) + "'");
        if (entry.value < first || entry.value >= last)
            refuse_roll(roll, "expects " + std::to_string(first) + " to " + std::to_string(last - 1) + ", the script has " +
                                  std::to_string(entry.value));
        return entry.value;
    }

    std::vector<Entry> entries_;
    std::size_t position_ = 0;
};

// One node of a path through a turn's decision tree: a roll and which of its outcomes is taken.
struct Outcome {
    Roll roll;
    std::uint32_t value;        // what the roll gives (a chance: 1 or 0; damage: the lowest roll of a group)
    std::uint32_t weight;       // of denominator
    std::uint32_t denominator;  // 0: not known yet; only the index is
    std::uint32_t index;        // 0, 1, ... among the roll's outcomes
    bool last;                  // no outcome follows
};

// Takes the outcomes of a path; past its end takes each roll's first outcome and appends it to the path. Damage rolls
// that round to the same damage are one outcome where `grouped` is set.
class Replay {
  public:
    Replay(std::vector<Outcome>& path, bool grouped) : path_(path), grouped_(grouped) {}

    bool chance(Roll roll, std::uint32_t numerator, std::uint32_t denominator) {
        return step(roll, [=](std::uint32_t index) {
            const std::uint32_t weight = index ? denominator - numerator : numerator;
            return Outcome{roll, 1 - index, weight, index < 2 ? denominator : 0, index, index == 1};
        });
    }
    std::uint32_t range(Roll roll, std::uint32_t first, std::uint32_t last) {
        return step(roll, [=](std::uint32_t index) {
            const std::uint32_t count = last - first;
            return Outcome{roll, first + index, 1, index < count ? count : 0, index, index + 1 == count};
        });
    }
    std::uint32_t sample(Roll roll, const std::uint8_t* list, std::uint32_t size) {
        return step(roll, [=](std::uint32_t index) {
            return group(roll, index, 0, size, [list](std::uint32_t i) { return std::uint32_t{list[i]}; }, true);
        });
    }
    std::uint32_t damage(std::uint32_t amount) {
        return rolled_damage(amount, step(Roll::Damage, [=, this](std::uint32_t index) {
            return group(Roll::Damage, index, kLowestDamageRoll, kHighestDamageRoll + 1,
                         [=, this](std::uint32_t i) { return grouped_ ? rolled_damage(amount, i) : i; }, false);
        }));
    }
    std::uint32_t extra(std::uint32_t) { return 0; }

    // Outcomes of the path that were not used.
    std::size_t unused() const { return path_.size() - position_; }

    // The weights of the outcomes of the first roll past the path's given end; empty if there was none.
    const std::vector<std::uint32_t>& open_weights() const { return open_weights_; }

  private:
    template <class Make>
    std::uint32_t step(Roll roll, Make make) {
        if (position_ == path_.size()) {
            if (open_weights_.empty() && !grouped_) {
                Outcome outcome = make(0);
                for (open_weights_.push_back(outcome.weight); !outcome.last; open_weights_.push_back(outcome.weight))
                    outcome = make(outcome.index + 1);
            }
            path_.push_back(make(0));
        } else if (path_[position_].denominator == 0) {
            const std::uint32_t index = path_[position_].index;
            path_[position_] = make(index);
            if (path_[position_].denominator == 0) refuse_roll(roll, "has no outcome " + std::to_string(index));
        }
        return path_[position_++].value;
    }

    // The outcomes are runs of equal keys among first..last-1; the value is the run's key or its first number.
    template <class Key>
    static Outcome group(Roll roll, std::uint32_t index, std::uint32_t first, std::uint32_t last, Key key,
                         bool value_is_key) {
        std::uint32_t begin = first, end = first;
        for (std::uint32_t skipped = 0;; ++skipped) {
            while (end < last && key(end) == key(begin)) ++end;
            if (skipped == index || begin == last) break;
            begin = end;
        }
        if (begin == last) return Outcome{roll, 0, 0, 0, index, true};
        return Outcome{roll, value_is_key ? key(begin) : begin, end - begin, last - first, index, end == last};
    }

    std::vector<Outcome>& path_;
    std::vector<std::uint32_t> open_weights_;
    std::size_t position_ = 0;
    bool grouped_;
};

}  // namespace gen1
