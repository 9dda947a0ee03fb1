// The situations that an ending can come to, as a graph: what players choose, what chance does then.
//
// A turn is cut in two: after the first Pokemon's action the other's is still to come. So a turn of two attacks has 39 + 39
// outcomes of damage to look at instead of 39 * 39. Where nothing but the two Pokemon on the field is left, their HP are
// taken out of the situations: what an action does to HP is a list of operations (Op) that serves every HP. Moves that ask
// how much HP there is (Recover, Rest, Substitute, Super Fang) have one kernel for each.
//
// Situations that differ in nothing that matters any more are one: the generator, the turn, last moves where no move asks
// for them (`Merging`). Counters that neither player sees (sleep, confusion, Disable) are kept as the most turns that can
// be left, and whether this is the last one is rolled when it is played: the chances are the same, and nobody knows more
// than in a battle.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "enumerate.hpp"

namespace gen1 {

// What happens to HP. Recoil of a hit that the target did not survive is counted from the HP that it had.
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
};
using Kernel = std::vector<Branch>;

// One action of one side, as kernels: one, or one for each HP from 0 of the side `by`.
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
    bool by_hp = false;          // every HP its own situation, as with Pokemon on the bench
    std::uint64_t most_situations = 1'000'000;
    std::uint64_t most_bytes = std::uint64_t{4} << 30;  // of branches
};

class EndgameGraph {
  public:
    EndgameGraph(const Battle& start, const EndgameOptions& options);

    const std::vector<Situation>& situations() const { return situations_; }
    const std::vector<Kernel>& kernels() const { return kernels_; }
    bool by_hp() const { return options_.by_hp; }

    // The situation that a battle is, -1: none of these. Its HP are asked for apart.
    int find(Battle battle) const;

  private:
    struct Pending {
        std::uint8_t side = 0, kind = 0, move = 0;
    };
    struct Merging {
        bool selections = true;  // no move asks what was selected or used last
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

    Battle start_;
    EndgameOptions options_;
    Merging merging_;
    std::vector<Situation> situations_;
    std::vector<Kernel> kernels_;
    std::unordered_map<std::string, int> index_;
    std::uint64_t branches_ = 0;
};

}  // namespace gen1
