#include "endgame_graph.hpp"

#include <algorithm>
#include <numeric>

#include "endgame_merge.hpp"

namespace gen1 {
namespace {

constexpr std::uint16_t kPlenty = 30'000;  // more HP than the rules can take

// Replay, but the counters that players do not see start at their maximum.
class Veiled : public Replay {
  public:
    explicit Veiled(std::vector<Outcome>& path) : Replay(path, true) {}

    std::uint32_t range(Roll roll, std::uint32_t first, std::uint32_t last) {
        const bool hidden = roll == Roll::SleepTurns || roll == Roll::ConfusionTurns || roll == Roll::DisableTurns;
        return hidden ? last - 1 : Replay::range(roll, first, last);
    }
};

// Records what happens to HP, in order.
class Tape {
  public:
    std::vector<Op> ops;

    template <class Event>
    void on(const Event&, const Battle&) {}
    void lost(int side, int amount) {
        if (amount) ops.push_back({divisor_ ? Op::Recoil : Op::Lose, static_cast<std::uint8_t>(side), divisor_, amount});
        divisor_ = 0;
    }
    void gained(int side, int amount) {
        if (amount) ops.push_back({Op::Gain, static_cast<std::uint8_t>(side), 0, amount});
    }
    void recoils(int, std::uint32_t divisor) { divisor_ = static_cast<std::uint16_t>(divisor); }
    void fainted(int side) { ops.push_back({Op::Faint, static_cast<std::uint8_t>(side), 0, 0}); }

  private:
    std::uint16_t divisor_ = 0;
};

using Play = Rules<Veiled, Tape>;

double probability_of(const std::vector<Outcome>& path) {
    double probability = 1;
    for (const Outcome& outcome : path) probability *= static_cast<double>(outcome.weight) / outcome.denominator;
    return probability;
}

std::uint64_t share_of(const std::vector<Outcome>& path) {
    std::uint64_t share = 1;
    for (const Outcome& outcome : path) share = field_product(share, field_share(outcome.weight, outcome.denominator));
    return share;
}

// The hidden counters of the acting side, each possibly at its last turn. Those not counted down are restored.
class Veil {
  public:
    Veil(Battle& battle, int side, Veiled& chance) : active_(battle.sides[side].active), self_(battle.sides[side].pokemon()) {
        const bool sleeps = self_.status == Status::Sleep && !(self_.flags & Pokemon::kRested);
        if (sleeps) lift(self_.sleep, sleep_, self_.sleep, chance, Roll::SleepTurns);
        if (active_.has(Active::kConfused) && active_.confusion < kMostConfused)  // at the first turn it cannot end
            lift(active_.confusion, confusion_, active_.confusion, chance, Roll::ConfusionTurns);
        if (active_.has(Active::kDisabled)) lift(active_.disable_time, disable_, active_.disable_time, chance, Roll::DisableTurns);
    }

    void drop() {
        if (sleep_ && self_.status == Status::Sleep && self_.sleep == 1) self_.sleep = sleep_;
        if (confusion_ && active_.confusion == 1) active_.confusion = confusion_;
        if (disable_ && active_.disable_time == 1) active_.disable_time = disable_;
    }

  private:
    static constexpr std::uint8_t kMostConfused = 5;

    static void lift(std::uint8_t& counter, std::uint8_t& kept, std::uint8_t most, Veiled& chance, Roll roll) {
        if (most < 2 || !chance.chance(roll, 1, most)) return;
        kept = most;
        counter = 1;
    }

    Active& active_;
    Pokemon& self_;
    std::uint8_t sleep_ = 0, confusion_ = 0, disable_ = 0;
};

// The side whose HP the action depends on, -1: none.
int asks_for_hp(int side, std::uint8_t kind, std::uint8_t move) {
    if (kind != Play::Action::kMove || move > kMoveCount) return -1;
    switch (kMoves[move].effect) {
        case Effect::Recover:
        case Effect::Rest:
        case Effect::Substitute: return side;
        case Effect::SuperFang: return 1 - side;
        default: return -1;
    }
}

template <class Visit>
void each_move(const Battle& battle, Visit visit) {
    for (const Side& side : battle.sides)
        for (int i = 0; i < side.size; ++i)
            for (const std::uint8_t move : side.team[i].moves) visit(kMoves[move]);
    for (const Side& side : battle.sides)
        for (const std::uint8_t move : side.active.moves) visit(kMoves[move]);
}

bool calls_moves(const MoveData& move) { return move.effect == Effect::Metronome || move.effect == Effect::MirrorMove; }

void add(Kernel& kernel, Branch branch) {
    for (Branch& present : kernel)
        if (present.to == branch.to && present.ops == branch.ops) {
            present.probability += branch.probability;
            present.share = field_sum(present.share, branch.share);
            return;
        }
    kernel.push_back(std::move(branch));
}

Kernel relabelled(const Kernel& kernel, const std::vector<int>& classes) {
    Kernel found;
    for (Branch branch : kernel) {
        if (branch.to >= 0) branch.to = classes[branch.to];
        add(found, std::move(branch));
    }
    return found;
}

}  // namespace

EndgameGraph::EndgameGraph(const Battle& start, const EndgameOptions& options)
    : start_(start), options_(options), merging_(what_matters_not(start)) {
    if (start.sides[0].left > 1 || start.sides[1].left > 1) options_.by_hp = true;
    // A called move may depend on HP, and only Bide can knock out before poison takes effect.
    each_move(start, [&](const MoveData& move) { options_.by_hp |= calls_moves(move) || move.effect == Effect::Bide; });
    intern(start_, false, {});
    for (std::size_t i = 0; i < situations_.size(); ++i) {
        if (options_.deadline && std::clock() > options_.deadline)
            throw std::length_error("the ending has more than " + std::to_string(situations_.size()) + " situations, which take too long to find");
        expand(static_cast<int>(i));
    }
    merged_.resize(situations_.size());
    std::iota(merged_.begin(), merged_.end(), 0);
    if (options_.merge) merge();
}

// Keep the first situation of each class with its kernels, and let these lead to classes.
void EndgameGraph::merge() {
    const int full[2] = {start_.sides[0].pokemon().max_hp, start_.sides[1].pokemon().max_hp};
    merged_ = merged_situations(situations_, kernels_, full);
    std::vector<Situation> kept;
    std::vector<Kernel> kernels;
    for (std::size_t i = 0; i < situations_.size(); ++i) {
        if (merged_[i] != static_cast<int>(kept.size())) continue;
        kept.push_back(std::move(situations_[i]));
        for (std::vector<Part>& cell : kept.back().cells)
            for (Part& part : cell) {
                const int count = part.by < 0 ? 1 : full[part.by] + 1;
                const int first = std::exchange(part.kernel, static_cast<int>(kernels.size()));
                for (int k = first; k < first + count; ++k) kernels.push_back(relabelled(kernels_[k], merged_));
            }
    }
    situations_ = std::move(kept);
    kernels_ = std::move(kernels);
}

EndgameGraph::Merging EndgameGraph::what_matters_not(const Battle& battle) {
    Merging merging;
    bool thaws = false, freezes = false;
    for (const Side& side : battle.sides) freezes |= side.pokemon().status == Status::Freeze;
    each_move(battle, [&](const MoveData& move) {
        const bool copies = calls_moves(move) || move.effect == Effect::Mimic || move.effect == Effect::Transform;
        const bool counters = move.effect == Effect::Counter || move.effect == Effect::Bide || calls_moves(move);
        if (copies || counters || move.priority || move.effect == Effect::Haze) merging.selections = false;
        if (counters) merging.last_damage = false;
        if (calls_moves(move)) merging.last_move = false;
        thaws |= move.secondary == Secondary::Burn;
        freezes |= move.secondary == Secondary::Freeze;
    });
    if (thaws && freezes) merging.selections = false;
    return merging;
}

void EndgameGraph::restore_pp(Side& side, const Side& start) const {
    constexpr std::uint8_t kTransformedPp = 5;
    for (int i = 0; i < side.size; ++i) std::memcpy(side.team[i].pp, start.team[i].pp, sizeof side.team[i].pp);
    const bool transformed = side.active.has(Active::kTransformed);
    for (int slot = 0; slot < kMoveSlots; ++slot)
        if (side.active.moves[slot]) side.active.pp[slot] = transformed ? kTransformedPp : side.pokemon().pp[slot];
}

// Clear what no longer matters. acting: the side whose selected move is still to come, -1: none.
void EndgameGraph::strip(Battle& battle, int acting) const {
    battle.seed = 0;
    battle.turn = 1;
    if (merging_.last_damage) battle.last_damage = 0;
    for (int i = 0; i < 2; ++i) {
        Side& side = battle.sides[i];
        Active& own = side.active;
        own.speed = 0;
        if (merging_.last_move) own.last_move = kNoMove;
        if (merging_.selections) side.pokemon().flags &= static_cast<std::uint8_t>(~Pokemon::kSubstituteBroke);
        if (!options_.exact_pp) restore_pp(side, start_.sides[i]);
        if (!options_.by_hp && side.pokemon().hp) side.pokemon().hp = kPlenty;
        if (side.last_selected == kCannotMove || hard_locked(own) || semi_locked(own) || i == acting) continue;
        if (!merging_.selections && (acting >= 0 || asleep_or_frozen(side.pokemon()))) continue;
        side.last_selected = side.last_selected_enemy = side.last_move = own.moves[0];
        side.last_selected_slot = 0;
        if (merging_.selections) side.last_move_enemy = own.moves[0];
    }
}

std::string EndgameGraph::key(const Battle& battle, bool chance, Pending pending) const {
    std::string bytes(reinterpret_cast<const char*>(&battle), sizeof battle);
    bytes += {static_cast<char>(chance), static_cast<char>(pending.side), static_cast<char>(pending.kind), static_cast<char>(pending.move)};
    return bytes;
}

int EndgameGraph::intern(Battle battle, bool chance, Pending pending) {
    strip(battle, chance ? pending.side : -1);
    const auto [place, fresh] = index_.try_emplace(key(battle, chance, pending), static_cast<int>(situations_.size()));
    if (!fresh) return place->second;
    if (situations_.size() == options_.most_situations)
        throw std::length_error("the ending has more than " + std::to_string(options_.most_situations) + " situations" +
                                (options_.by_hp ? "" : " beside HP"));
    Situation added;
    added.battle = battle;
    added.chance = chance;
    added.side = pending.side;
    added.kind = pending.kind;
    added.move = pending.move;
    if (!chance)
        for (int side = 0; side < 2; ++side)
            added.counts[side] = static_cast<std::uint8_t>(std::max(1, list_choices(battle, side, added.choices[side])));
    situations_.push_back(std::move(added));
    return place->second;
}

int EndgameGraph::find(Battle battle) const {
    strip(battle, -1);
    const auto place = index_.find(key(battle, false, {}));
    return place == index_.end() ? -1 : merged_[place->second];
}

void EndgameGraph::expand(int index) {
    const Situation here = situations_[index];
    if (here.chance) {
        Pending pending[2];
        pending[here.side] = {here.side, here.kind, here.move};
        situations_[index].cells = {{part(here.battle, pending, here.side, true)}};
        return;
    }
    for (int i = 0; i < here.counts[0]; ++i)
        for (int j = 0; j < here.counts[1]; ++j) expand_turn(index, here.choices[0][i], here.choices[1][j]);
}

void EndgameGraph::expand_turn(int index, Choice first, Choice second) {
    Battle battle = situations_[index].battle;
    std::vector<Part> cell;
    if (battle.requests[0] != Request::Move) {
        cell.push_back({1, -1, keep(replacement(battle, first, second))});
    } else {
        std::vector<Outcome> path;
        Veiled chance(path);
        Tape tape;
        Play play(battle, chance, tape);
        battle.requests[0] = battle.requests[1] = Request::None;
        play.open_turn(first, second);
        const int leader = play.first_to_act();
        Pending pending[2];
        for (std::uint8_t side = 0; side < 2; ++side) pending[side] = {side, play.action(side).kind, play.action(side).move};
        const bool tie = !path.empty();
        for (int side = tie ? 0 : leader; side <= (tie ? 1 : leader); ++side) {
            cell.push_back(part(battle, pending, side, false));
            cell.back().weight = tie ? 0.5 : 1;
        }
    }
    situations_[index].cells.push_back(std::move(cell));
}

Part EndgameGraph::part(const Battle& battle, const Pending (&pending)[2], int side, bool last) {
    Part made;
    std::vector<Kernel> found;
    made.by = options_.by_hp ? -1 : asks_for_hp(side, pending[side].kind, pending[side].move);
    if (made.by < 0) {
        found.push_back(kernel(battle, pending, side, last));
    } else {
        Battle with = battle;
        found.emplace_back();
        for (with.sides[made.by].pokemon().hp = 1; with.sides[made.by].pokemon().hp <= with.sides[made.by].pokemon().max_hp;
             ++with.sides[made.by].pokemon().hp)
            found.push_back(kernel(with, pending, side, last));
    }
    made.kernel = static_cast<int>(kernels_.size());
    for (Kernel& one : found) keep(std::move(one));
    return made;
}

// Returns its index. Branches take far more memory than situations.
int EndgameGraph::keep(Kernel kernel) {
    constexpr std::uint64_t kBranchBytes = 100;  // with its operations, and once more as endgame.cpp keeps it
    branches_ += kernel.size();
    if (branches_ * kBranchBytes > options_.most_bytes)
        throw std::length_error("the ending has more than " + std::to_string(situations_.size()) + " situations beside HP, with " +
                                std::to_string(branches_) + " outcomes of single actions, which take more than " +
                                std::to_string(options_.most_bytes / 1'000'000) + " MB");
    kernels_.push_back(std::move(kernel));
    return static_cast<int>(kernels_.size()) - 1;
}

Kernel EndgameGraph::kernel(const Battle& battle, const Pending (&pending)[2], int side, bool last) {
    Kernel found;
    std::vector<Outcome> path;
    do {
        Battle next = battle;
        Veiled chance(path);
        Tape tape;
        Play play(next, chance, tape);
        for (int i = 0; i < 2; ++i) {
            play.action(i).kind = static_cast<typename Play::Action::Kind>(pending[i].kind);
            play.action(i).move = pending[i].move;
        }
        Veil veil(next, side, chance);
        const bool goes_on = play.act(side);
        veil.drop();
        if (goes_on && last) play.close_turn();
        const auto& other = play.action(1 - side);
        const Pending left{static_cast<std::uint8_t>(1 - side), other.kind, other.move};
        const bool waits = goes_on && !last;
        const int to = next.ended() ? index_of(next.result) : intern(next, waits, waits ? left : Pending{});
        if (options_.by_hp) tape.ops.clear();
        add(found, {probability_of(path), to, std::move(tape.ops), share_of(path)});
    } while (advance(path));
    return found;
}

Kernel EndgameGraph::replacement(const Battle& battle, Choice first, Choice second) {
    Kernel found;
    std::vector<Outcome> path;
    do {
        Battle next = battle;
        Veiled chance(path);
        Tape tape;
        Play(next, chance, tape).step(first, second);
        add(found, {probability_of(path), next.ended() ? index_of(next.result) : intern(next, false, {}), {}, share_of(path)});
    } while (advance(path));
    return found;
}

}  // namespace gen1
