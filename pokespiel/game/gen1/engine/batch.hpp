// Many battles side by side, each with what both players know of it.
//
// An action is 0 to 8: "move 1" to "move 4", "switch 2" to "switch 6". A battle waits for a player that has a choice to
// make: with `autoplay`, more than one legal action; forced actions are then played automatically.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "choices.hpp"
#include "setup.hpp"
#include "view.hpp"
#include "workers.hpp"

namespace gen1 {

// The state of a battle. Limit: stopped by the turn limit of the batch, which is not a tie of the game.
enum class Ending : std::uint8_t { Playing, P1Wins, P2Wins, Tie, Limit };

struct BatchOptions {
    bool views = true;      // keep what the players know; without it observe() fails and steps are faster
    bool autoplay = true;
    int turn_limit = 1000;  // battles are stopped at this turn
    int threads = 1;
};

// The numbers that neither player sees: their names and count, and the size of a full state.
const std::vector<std::string>& hidden_names();
inline constexpr int kHiddenOfSide = kTeamSize + 9;
inline constexpr int kHidden = 2 * kHiddenOfSide + 1;
inline constexpr int kStateSize = 2 * kFeatures + kHidden;

class Batch {
  public:
    // teams: the pool that battles draw from. Throws std::invalid_argument if they are invalid. All battles start ended.
    Batch(int size, const std::vector<std::vector<PokemonSetup>>& teams, const BatchOptions& options);

    int size() const { return static_cast<int>(slots_.size()); }
    int teams() const { return static_cast<int>(teams_.size()); }
    const BatchOptions& options() const { return options_; }

    // Restart battle battles[i] with teams first[i], second[i] of the pool. Throws, changing nothing, on a bad index.
    void restart(std::span<const std::int64_t> battles, std::span<const std::int64_t> first,
                 std::span<const std::int64_t> second, std::span<const std::uint64_t> seeds);

    // actions: [2, size], read only where the battle waits for the player. An illegal one throws, naming the battle and the
    // legal ones, and changes nothing. Battles i with skip[i] stay as they are; empty: all are played.
    void step(std::span<const std::int64_t> actions, std::span<const bool> skip = {});

    // Whether the battle waits for the player's action.
    bool awaits(int battle, int player) const;
    // Bit a: action a is legal. 0 if the battle does not wait for the player.
    std::uint16_t legal(int battle, int player) const { return awaits(battle, player) ? slot(battle).legal[player] : std::uint16_t{0}; }
    Ending ending(int battle) const { return slot(battle).ending; }
    int turn(int battle) const { return slot(battle).battle.turn; }
    const Battle& battle(int battle) const { return slot(battle).battle; }

    // The battles that wait for the player, in order, without those in `skip`.
    void awaiting(int player, std::vector<std::int32_t>& battles, std::span<const bool> skip = {}) const;

    // The player's features in these battles, one row each: compact (kCompactSize) or floats (kFeatures).
    void observe(int player, std::span<const std::int32_t> battles, std::int16_t* out);
    void observe(int player, std::span<const std::int32_t> battles, float* out);

    // The full state of each battle, the player's side first: its features, the other player's, then what neither
    // sees (hidden_names). kStateSize numbers per battle.
    void full_state(int player, float* out);

    // A side's standing: HP, statuses and knock-outs as shares of the party. 3 numbers.
    void standing(int battle, int player, float* out) const;

    Workers& workers() { return *workers_; }

  private:
    struct Slot {
        Battle battle;
        Knowledge knowledge[2];
        Estimates estimates[2];
        std::uint16_t legal[2];
        Ending ending;
    };

    Slot& slot(int battle) { return slots_[static_cast<std::size_t>(battle)]; }
    const Slot& slot(int battle) const { return slots_[static_cast<std::size_t>(battle)]; }
    bool has_choice(const Slot& slot, int player) const;
    void check_skip(std::span<const bool> skip) const;
    void begin(Slot& slot, int first, int second, std::uint64_t seed) const;
    void play(Slot& slot, Choice first, Choice second) const;
    void advance(Slot& slot) const;
    void refuse(int battle, int player, std::int64_t action) const;
    void require_views() const;

    BatchOptions options_;
    std::vector<Side> teams_;
    std::vector<Slot> slots_;
    std::unique_ptr<Workers> workers_;
};

}  // namespace gen1
