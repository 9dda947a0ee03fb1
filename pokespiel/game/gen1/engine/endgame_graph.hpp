// The situations that an ending can reach, as a graph: the players' choices, then the outcomes of chance.
//
// A turn is cut in two: after the first Pokemon's action the other's is still to come. So a turn of two attacks has 39 + 39
// outcomes of damage instead of 39 * 39. If only the two Pokemon on the field are left, situations do not include their
// HP: an action's effect on HP is a list of operations (Op) that applies to every HP. Moves whose effect depends on HP
// (Recover, Rest, Substitute, Super Fang) have one kernel for each HP.
//
// Situations that differ only in what no longer matters are merged: the generator, the turn, last moves that no move
// depends on (`Merging`). Counters that neither player sees (sleep, confusion, Disable) are kept as the maximum of turns
// left, and each turn rolls whether it is the last: the chances are the same, and players know no more than in a battle.
// Finally, situations that no play can tell apart are merged, whatever the reason (endgame_merge.hpp): another Speed that
// gives the same order, a flag that no longer has an effect.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <unordered_map>
#include <vector>

#include "enumerate.hpp"

namespace gen1 {

// An effect on HP. Recoil of a hit that knocks out is computed from the HP that the target had.
struct Op {
    enum Kind : std::uint8_t { Lose, Gain, Recoil, Faint } kind;
    std::uint8_t side;
    std::uint16_t divisor;  // of Recoil
    std::int32_t amount;
    bool operator==(const Op&) const = default;
};

// Where chance leads: to a situation (an index) or to a result.
inline constexpr int kFirstWins = -1, kSecondWins = -2, kTied = -3;
inline int index_of(Result result) { return -static_cast<int>(result); }
inline double utility_of(int result) { return result == kFirstWins ? 1 : result == kSecondWins ? 0 : 0.5; }

struct Branch {
    double probability;
    int to;
    std::vector<Op> ops;
    std::uint64_t share = 0;  // the probability, exact in the field of endgame_merge.hpp
};
using Kernel = std::vector<Branch>;

// One action of one side: one kernel, or one for each HP, from 0, of the side `by`.
struct Part {
    double weight = 1;  // the chance that this side acts first
    int by = -1;
    int kernel = 0;     // the first
    int at(const int hp[2]) const { return by < 0 ? kernel : kernel + hp[by]; }
};

struct Situation {
    Battle battle;
    bool chance = false;  // the second action is to come: parts has one entry; else choices are due
    std::uint8_t side = 0, kind = 0, move = 0;  // of the action to come
    std::uint8_t counts[2] = {};                // choices of the two sides
    Choice choices[2][kMaxChoices] = {};
    std::vector<std::vector<Part>> cells;       // [first choice * counts[1] + second choice]
};

struct EndgameOptions {
    bool exact_pp = false;       // else PP do not go down
    bool by_hp = false;          // each HP is a situation of its own, as with Pokemon on the bench
    std::uint64_t most_situations = 1'000'000;
    std::uint64_t most_bytes = std::uint64_t{4} << 30;  // of branches
    bool merge = true;           // situations that no play can tell apart
    std::clock_t deadline = 0;   // of processor time; 0: none
};

class EndgameGraph {
  public:
    EndgameGraph(const Battle& start, const EndgameOptions& options);

    const std::vector<Situation>& situations() const { return situations_; }
    const std::vector<Kernel>& kernels() const { return kernels_; }
    bool by_hp() const { return options_.by_hp; }

    // The battle's situation, without its HP; -1: none of these.
    int find(Battle battle) const;

  private:
    struct Pending {
        std::uint8_t side = 0, kind = 0, move = 0;
    };
    struct Merging {
        bool selections = true;  // no move depends on what was selected or used last
        bool last_damage = true, last_move = true;
    };

    static Merging what_matters_not(const Battle& battle);
    void strip(Battle& battle, int acting) const;
    void restore_pp(Side& side, const Side& start) const;
    std::string key(const Battle& battle, bool chance, Pending pending) const;
    int keep(Kernel kernel);
    int intern(Battle battle, bool chance, Pending pending);
    void expand(int index);
    void expand_turn(int index, Choice first, Choice second);
    Part part(const Battle& battle, const Pending (&pending)[2], int side, bool last);
    Kernel kernel(const Battle& battle, const Pending (&pending)[2], int side, bool last);
    Kernel replacement(const Battle& battle, Choice first, Choice second);
    void merge();

    Battle start_;
    EndgameOptions options_;
    Merging merging_;
    std::vector<Situation> situations_;
    std::vector<Kernel> kernels_;
    std::unordered_map<std::string, int> index_;  // as they were found
    std::vector<int> merged_;                      // what each of them has become
    std::uint64_t branches_ = 0;
};

}  // namespace gen1
