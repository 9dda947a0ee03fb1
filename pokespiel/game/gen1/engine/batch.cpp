#include "batch.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "engine.hpp"
#include "observer.hpp"
#include "rules.hpp"
#include "view.hpp"

namespace gen1 {
namespace {

std::string action_name(int action) {
    return action < kMoveSlots ? "move " + std::to_string(action + 1) : "switch " + std::to_string(action - 2);
}

std::string action_names(unsigned legal) {
    std::string names;
    for (int action = 0; action < kActions; action++)
        if (legal >> action & 1) names += (names.empty() ? "" : ", ") + std::to_string(action) + " (" + action_name(action) + ")";
    return names;
}

Choice only_choice(unsigned legal) { return legal ? static_cast<Choice>(std::countr_zero(legal) + 1) : kPass; }

void check_options(const BatchOptions& options) {
    if (options.turn_limit < 1 || options.turn_limit > 1000)
        throw std::invalid_argument("the turn limit must be 1 to 1000, found " + std::to_string(options.turn_limit));
    if (options.threads < 1 || options.threads > 256)
        throw std::invalid_argument("the number of threads must be 1 to 256, found " + std::to_string(options.threads));
}

}  // namespace

Batch::Batch(int size, const std::vector<std::vector<PokemonSetup>>& teams, const BatchOptions& options)
    : options_(options) {
    check_options(options);
    if (size < 1) throw std::invalid_argument("a batch needs at least one battle, found " + std::to_string(size));
    if (teams.empty()) throw std::invalid_argument("a batch needs at least one team");
    for (const auto& team : teams) {
        Setup setup;
        setup.teams[0] = setup.teams[1] = team;
        teams_.push_back(set_up(setup, 0).sides[0]);
    }
    slots_.resize(static_cast<std::size_t>(size));
    for (Slot& slot : slots_) slot.ending = Ending::Limit;
    workers_ = std::make_unique<Workers>(options.threads);
}

void Batch::restart(std::span<const std::int64_t> battles, std::span<const std::int64_t> first,
                    std::span<const std::int64_t> second, std::span<const std::uint64_t> seeds) {
    if (first.size() != battles.size() || second.size() != battles.size() || seeds.size() != battles.size())
        throw std::invalid_argument("expected one team a side and one seed for each of the " + std::to_string(battles.size()) + " battles");
    for (std::size_t i = 0; i < battles.size(); i++) {
        if (battles[i] < 0 || battles[i] >= size())
            throw std::invalid_argument("there is no battle " + std::to_string(battles[i]) + ": the batch has " + std::to_string(size()));
        for (const std::int64_t team : {first[i], second[i]})
            if (team < 0 || team >= teams())
                throw std::invalid_argument("there is no team " + std::to_string(team) + ": the pool has " + std::to_string(teams()));
    }
    for (std::size_t i = 0; i < battles.size(); i++)
        begin(slots_[static_cast<std::size_t>(battles[i])], static_cast<int>(first[i]), static_cast<int>(second[i]), seeds[i]);
}

void Batch::begin(Slot& slot, int first, int second, std::uint64_t seed) const {
    slot.battle = {};
    slot.battle.seed = seed;
    slot.battle.sides[0] = teams_[static_cast<std::size_t>(first)];
    slot.battle.sides[1] = teams_[static_cast<std::size_t>(second)];
    slot.ending = Ending::Playing;
    if (options_.views) {
        know_parties(slot.battle, slot.knowledge);
        Observer observer(slot.knowledge);
        Generator generator(slot.battle.seed);
        Rules<Generator, Observer>(slot.battle, generator, observer).start();
    } else {
        start(slot.battle);
    }
    advance(slot);
}

void Batch::play(Slot& slot, Choice first, Choice second) const {
    if (options_.views) {
        Observer observer(slot.knowledge);
        Generator generator(slot.battle.seed);
        Rules<Generator, Observer>(slot.battle, generator, observer).step(first, second);
    } else {
        gen1::step(slot.battle, first, second);
    }
}

bool Batch::has_choice(const Slot& slot, int player) const {
    return options_.autoplay ? std::popcount(slot.legal[player]) > 1 : slot.legal[player] != 0;
}

bool Batch::awaits(int battle, int player) const {
    const Slot& at = slot(battle);
    return at.ending == Ending::Playing && has_choice(at, player);
}

// Play on to the next decision: what each player is asked, playing forced actions where neither has a choice.
void Batch::advance(Slot& slot) const {
    for (;;) {
        const Battle& battle = slot.battle;
        if (battle.ended()) {
            slot.ending = static_cast<Ending>(battle.result);
            return;
        }
        if (battle.turn > options_.turn_limit) {
            slot.ending = Ending::Limit;
            return;
        }
        for (int player = 0; player < 2; player++) {
            if (options_.views) learn(slot.knowledge[player], ask_of(battle, player));
            slot.legal[player] = static_cast<std::uint16_t>(legal_mask(battle, player));
        }
        if (has_choice(slot, 0) || has_choice(slot, 1)) return;
        play(slot, only_choice(slot.legal[0]), only_choice(slot.legal[1]));
    }
}

void Batch::refuse(int battle, int player, std::int64_t action) const {
    throw std::invalid_argument("battle " + std::to_string(battle) + ": player " + std::to_string(player) + " cannot play action " +
                                std::to_string(action) + "; legal: " + action_names(legal(battle, player)));
}

void Batch::check_skip(std::span<const bool> skip) const {
    if (!skip.empty() && skip.size() != slots_.size())
        throw std::invalid_argument("skip: expected [" + std::to_string(size()) + "], found " + std::to_string(skip.size()));
}

void Batch::step(std::span<const std::int64_t> actions, std::span<const bool> skip) {
    check_skip(skip);
    const auto skipped = [&](int battle) { return !skip.empty() && skip[static_cast<std::size_t>(battle)]; };
    const auto count = static_cast<std::size_t>(size());
    if (actions.size() != 2 * count)
        throw std::invalid_argument("expected actions [2, " + std::to_string(size()) + "], found " + std::to_string(actions.size()));
    for (int player = 0; player < 2; player++) {
        for (int battle = 0; battle < size(); battle++) {
            if (skipped(battle) || !awaits(battle, player)) continue;
            const std::int64_t action = actions[static_cast<std::size_t>(player) * count + static_cast<std::size_t>(battle)];
            if (action < 0 || action >= kActions || !(legal(battle, player) >> action & 1)) refuse(battle, player, action);
        }
    }
    workers_->share(size(), [&](int from, int to) {
        for (int i = from; i < to; i++) {
            Slot& at = slot(i);
            if (skipped(i) || at.ending != Ending::Playing) continue;
            const auto choice = [&](int player) {
                if (!has_choice(at, player)) return only_choice(at.legal[player]);
                return static_cast<Choice>(actions[static_cast<std::size_t>(player) * count + static_cast<std::size_t>(i)] + 1);
            };
            play(at, choice(0), choice(1));
            advance(at);
        }
    });
}

void Batch::awaiting(int player, std::vector<std::int32_t>& battles, std::span<const bool> skip) const {
    check_skip(skip);
    battles.clear();
    for (int i = 0; i < size(); i++)
        if ((skip.empty() || !skip[static_cast<std::size_t>(i)]) && awaits(i, player)) battles.push_back(i);
}

void Batch::require_views() const {
    if (!options_.views) throw std::invalid_argument("this batch was made without views");
}

void Batch::observe(int player, std::span<const std::int32_t> battles, std::int16_t* out) {
    require_views();
    workers_->share(static_cast<int>(battles.size()), [&](int from, int to) {
        for (int i = from; i < to; i++) {
            Slot& at = slot(battles[static_cast<std::size_t>(i)]);
            update(at.estimates[player], at.knowledge[player]);
            write_compact(at.knowledge[player], at.estimates[player], out + static_cast<std::ptrdiff_t>(i) * kCompactSize);
        }
    });
}

namespace {

void write_floats(Knowledge& knowledge, Estimates& estimates, float* out) {
    std::int16_t compact[kCompactSize];
    update(estimates, knowledge);
    write_compact(knowledge, estimates, compact);
    expand(compact, out);
}

}  // namespace

void Batch::observe(int player, std::span<const std::int32_t> battles, float* out) {
    require_views();
    workers_->share(static_cast<int>(battles.size()), [&](int from, int to) {
        for (int i = from; i < to; i++) {
            Slot& at = slot(battles[static_cast<std::size_t>(i)]);
            write_floats(at.knowledge[player], at.estimates[player], out + static_cast<std::ptrdiff_t>(i) * kFeatures);
        }
    });
}

// ---- the whole state ---------------------------------------------------------------------------------------------

const std::vector<std::string>& hidden_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result{"last_damage"};
        for (const std::string side : {"own", "foe"}) {
            for (int place = 0; place < kTeamSize; place++) result.push_back(side + "[" + std::to_string(place) + "].sleep_left");
            for (const char* name : {"confusion_left", "bide_left", "bide_damage", "disable_left", "thrash_left", "trap_left",
                                     "trapped", "substitute_hp", "speed"})
                result.push_back(side + "_active." + name);
        }
        return result;
    }();
    return names;
}

namespace {

void write_hidden(const Battle& battle, int player, float* out) {
    *out++ = static_cast<float>(std::min<std::uint32_t>(battle.last_damage, 2000)) / 1000;
    for (const int index : {player, 1 - player}) {
        const Side& side = battle.sides[index];
        const Active& active = side.active;
        for (const std::uint8_t place : side.order)
            *out++ = static_cast<float>(side.team[place].status == Status::Sleep ? side.team[place].sleep : 0) / 7;
        *out++ = static_cast<float>(active.confusion) / 5;
        *out++ = static_cast<float>(active.bide_time) / 3;
        *out++ = static_cast<float>(std::min<std::uint32_t>(active.bide_damage, 2000)) / 1000;
        *out++ = static_cast<float>(active.disable_time) / 8;
        *out++ = static_cast<float>(active.thrash_time) / 3;
        *out++ = static_cast<float>(active.trap_duration) / 5;
        *out++ = active.has(Active::kTrapped) ? 1.0f : 0.0f;
        *out++ = static_cast<float>(active.substitute) / 256;
        *out++ = static_cast<float>(active.modified[2]) / 400;
    }
}

}  // namespace

void Batch::full_state(int player, float* out) {
    require_views();
    workers_->share(size(), [&](int from, int to) {
        for (int i = from; i < to; i++) {
            Slot& at = slot(i);
            float* const row = out + static_cast<std::ptrdiff_t>(i) * kStateSize;
            write_floats(at.knowledge[player], at.estimates[player], row);
            write_floats(at.knowledge[1 - player], at.estimates[1 - player], row + kFeatures);
            write_hidden(at.battle, player, row + 2 * kFeatures);
        }
    });
}

void Batch::standing(int battle, int player, float* out) const {
    const Side& side = slot(battle).battle.sides[player];
    out[0] = out[1] = out[2] = 0;
    for (int i = 0; i < side.size; i++) {
        const Pokemon& pokemon = side.team[i];
        out[0] += static_cast<float>(pokemon.hp) / static_cast<float>(pokemon.max_hp) / side.size;
        out[1] += static_cast<float>(pokemon.status != Status::None) / side.size;
        out[2] += static_cast<float>(pokemon.hp == 0) / side.size;
    }
}

}  // namespace gen1
