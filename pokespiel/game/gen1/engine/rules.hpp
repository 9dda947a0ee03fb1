// The rules: one class over a battle, a source of chance and a sink of events.
//
// Member functions are grouped by theme into rules_turn.hpp (the order of a turn, switching, fainting), rules_move.hpp
// (what happens before, around and after a move), rules_hit.hpp (hitting a target), rules_damage.hpp, rules_status.hpp
// (statuses and stages) and rules_effects.hpp (what single moves do). Names in brackets are Showdown's functions and events.
#pragma once

#include <cstring>
#include <iterator>

#include "chance.hpp"
#include "choices.hpp"
#include "events.hpp"
#include "formula.hpp"
#include "state.hpp"

namespace gen1 {

template <class Chance, class Sink>
class Rules {
  public:
    Rules(Battle& battle, Chance& chance, Sink& sink) : battle_(battle), chance_(chance), sink_(sink) {}

    // Send in the leads. The battle must be newly set up (setup.hpp).
    void start();

    // Play both sides' choices, which must be legal, up to the next request or the end.
    void step(Choice first, Choice second);

    // A turn of moves in parts, for solvers: open it, let the leader act, then the other, and close it. What is left to do
    // between two parts is the state and the actions. `act` is false where the turn stops: a request, or the end.
    struct Action;
    void open_turn(Choice first, Choice second);
    int first_to_act();
    bool act(int side) { return run_action(side); }
    void close_turn();
    Action& action(int side) { return actions_[side]; }

    struct Action {
        enum Kind : std::uint8_t { kNone, kMove, kSwitch } kind = kNone;
        std::uint8_t move = kNoMove;  // the move, or the party position
        std::int8_t priority = 0;
        std::uint16_t speed = 0;
    };

  private:
    // The result of a hit: kFailed is Showdown's false, kNoDamage its undefined; else the damage.
    static constexpr int kFailed = -1, kNoDamage = -2;
    // Metronome and Mirror Move can call each other; at this depth Showdown throws, and here nothing happens.
    static constexpr int kMaxDepth = 8;

    // rules_turn.hpp
    void play_turn(Choice first, Choice second);
    void replace_fainted(Choice first, Choice second);
    Action commit(int side, Choice choice);
    std::uint8_t select_move(int side, Choice choice);
    bool run_action(int side);
    bool settle();
    void resolve_faints();
    void finish(Result result);
    void update_speeds();
    void spend_update_tie();
    void spend_shuffle(int size);
    void switch_in(int side, int position);
    void run_switch(int side);
    bool run_switches(int first_in, int second_in);
    void reset_active(int side);
    void residual();
    void expire_durations(Active& active);
    void end_turn();
    void drop_broken_traps();
    void spend_disable_ties(int side);
    bool may_be_locked(int side) const;
    bool cannot_progress() const;
    bool side_cannot_progress(int side) const;
    bool tie_by_rule();
    void request_moves();

    // rules_move.hpp
    void run_move(int side, std::uint8_t move);
    void hint_cannot_move(int side);
    void use_move(int side, const MoveData& move, std::uint8_t caller, int depth);
    void use_move_inner(int side, int target, const MoveData& move, std::uint8_t caller, int depth);
    bool charge(int side, const MoveData& move);
    void deduct_pp(int side, int amount);
    void refund_called_move(int side, const MoveData& move);
    bool before_move(int side, int target, std::uint8_t move);
    bool before_move_status(int side);
    bool stopped_by_disable(int side, std::uint8_t move);
    bool stopped_by_confusion(int side);
    bool stopped_by_paralysis(int side);
    void continue_bide(int side);
    void release_bide(int side);
    void after_move(int side, int target);
    void after_trapping(int side, int target);
    void after_move_self(int side, int target);
    void poison_or_burn(int side, int target);
    void leech(int side);

    // rules_hit.hpp
    bool try_hit(int side, int target, const MoveData& move, int depth);
    bool blocked_before_accuracy(int side, int target, const MoveData& move);
    void continue_thrash(int side, const MoveData& move);
    bool hits(int side, int target, const MoveData& move);
    int multi_hit(int side, int target, const MoveData& move, int depth);
    int move_hit(int side, int target, const MoveData& move, int hit, bool last_hit, int repeated, int depth);
    bool move_fails_first(int side, int target, const MoveData& move);
    int hit_substitute(int side, int target, const MoveData& move, int hit);
    bool substitute_blocks(const MoveData& move) const;
    void damage_substitute(int side, std::uint32_t damage);
    void hit_self_effect(int side, const MoveData& move, bool substitute_broke);
    void secondary(int side, int target, const MoveData& move);

    // rules_damage.hpp
    int damage_of(int side, int target, const MoveData& move);
    int calculated_damage(int side, int target, const MoveData& move);
    std::uint32_t base_damage(int side, int target, const MoveData& move, bool critical);
    bool critical(int side, const MoveData& move);
    int counter_damage(int side, int target);
    int psywave_damage(int side);
    void deal(int side, int target, const MoveData& move, int damage);
    int lose_hp(int side, int amount);
    void recoil(int side, const MoveData& move, std::uint32_t damage);
    void drain(int side, std::uint32_t damage);
    void heal(int side, int amount, event::HealReason reason);
    void hurt_self(int side, int damage, event::DamageReason reason);
    void faint(int side);

    // rules_status.hpp
    void apply_status(int side, int target, Status status, const MoveData& move, bool is_secondary);
    bool set_status(int side, int target, Status status, const MoveData& move, bool is_secondary);
    bool prevented_by_clause(int side, int target, Status status);
    void begin_sleep(int target, const MoveData& move, bool rest);
    void cure_status(int side, bool silent);
    bool boost(int target, Stat stat, int amount, bool rage);
    bool boost_by(int target, Stat stat, int amount, bool& at_limit);
    bool apply_boost(int side, int target, const MoveData& move, int amount);

    // rules_effects.hpp
    bool apply_effect(int side, int target, const MoveData& move, int depth, bool& did_something);
    bool run_effect(int side, int target, const MoveData& move, int depth);
    void add_trapped(int side);
    void add_trapping(int side, const MoveData& move);
    void confuse(int side, bool silent);
    void disable(int side);
    void start_substitute(int side);
    bool can_recover(int side);
    bool rest(int side, const MoveData& move);
    void haze(int side);
    void haze_volatiles(int side);
    void transform(int side, int target);
    void mimic(int side, int target);
    bool call_move(int side, std::uint8_t called, std::uint8_t caller, int depth);
    void clear_bide(Active& active);
    void clear_thrash(Active& active);
    void clear_two_turn(Active& active);
    void clear_trapping(Active& active);
    void clear_trapped(Active& active);
    void clear_disable(Active& active);
    void clear_confusion(Active& active);

    template <class Event>
    void emit(const Event& event) { sink_.on(event, battle_); }
    void hint(event::HintText text, int only = event::kEverybody, std::uint8_t move = kNoMove) {
        emit(event::Hint{text, only, move});
    }

    Side& side_of(int side) { return battle_.sides[side]; }
    const Side& side_of(int side) const { return battle_.sides[side]; }
    Active& active(int side) { return battle_.sides[side].active; }
    Pokemon& pokemon(int side) { return battle_.sides[side].pokemon(); }
    const Pokemon& pokemon(int side) const { return battle_.sides[side].pokemon(); }
    static bool has_type(const Active& active, Type type) { return active.types[0] == type || active.types[1] == type; }
    static std::uint16_t& stat(std::uint16_t (&stats)[4], Stat which) { return stats[static_cast<int>(which)]; }
    static void scale_stat(Active& active, Stat which, int divisor) {  // [modifyStat]
        std::uint16_t& value = stat(active.modified, which);
        value = static_cast<std::uint16_t>(value / divisor ? value / divisor : 1);
    }

    Battle& battle_;
    Chance& chance_;
    Sink& sink_;
    Action actions_[2];       // the rest of the queue
    std::uint8_t fainting_[2];  // [faintQueue]: sides, in order
    int fainting_count_ = 0;
};

}  // namespace gen1

#include "rules_turn.hpp"
#include "rules_move.hpp"
#include "rules_hit.hpp"
#include "rules_damage.hpp"
#include "rules_status.hpp"
#include "rules_effects.hpp"
