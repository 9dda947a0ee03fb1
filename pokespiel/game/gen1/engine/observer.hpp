// The sink that keeps both players' knowledge of a battle: each event is passed on as that player would see it.
#pragma once

#include "knowledge.hpp"

namespace gen1 {

// What the other player is shown of a Pokemon's HP.
inline event::Health in_percent(const event::Health& health) {
    const int shown = health.hp ? event::percent(health.hp, health.max_hp) : 0;
    return {static_cast<std::uint16_t>(shown), 100, health.status};
}

class Observer {
  public:
    explicit Observer(Knowledge (&knowledge)[2]) : knowledge_(knowledge) {}

    // Events without information: hints, effectiveness, empty lines and so on.
    template <class Event>
    void on(const Event&, const Battle&) {}

    void on(const event::Switch& event, const Battle& battle) {
        const Pokemon& pokemon = battle.sides[event.side].team[event.pokemon];
        Appeared seen{event.side, pokemon.species, pokemon.level, event.health, event.pokemon};
        learn(knowledge_[event.side], seen);
        seen.health = in_percent(event.health);
        learn(knowledge_[1 - event.side], seen);
    }

    void on(const event::Damage& event, const Battle&) { pass_health(event); }
    void on(const event::Heal& event, const Battle&) { pass_health(event); }

    void on(const event::Start& event, const Battle& battle) {
        if (event.condition != event::Condition::TypeChange) return pass(event);
        const Active& active = battle.sides[event.side].active;
        pass(Typed{event.side, {active.types[0], active.types[1]}});
    }

    void on(const event::UseMove& event, const Battle&) { pass(event); }
    void on(const event::Cant& event, const Battle&) { pass(event); }
    void on(const event::StatusStart& event, const Battle&) { pass(event); }
    void on(const event::StatusEnd& event, const Battle&) { pass(event); }
    void on(const event::Boost& event, const Battle&) { pass(event); }
    void on(const event::HazeUsed& event, const Battle&) { pass(event); }
    void on(const event::End& event, const Battle&) { pass(event); }
    void on(const event::Activate& event, const Battle&) { pass(event); }
    void on(const event::Transformed& event, const Battle&) { pass(event); }
    void on(const event::Prepare& event, const Battle&) { pass(event); }
    void on(const event::Miss& event, const Battle&) { pass(event); }
    void on(const event::Immune& event, const Battle&) { pass(event); }
    void on(const event::MustRecharge& event, const Battle&) { pass(event); }
    void on(const event::Faint& event, const Battle&) { pass(event); }
    void on(const event::Upkeep& event, const Battle&) { pass(event); }
    void on(const event::Turn& event, const Battle&) { pass(event); }
    void on(const event::Win& event, const Battle&) { pass(event.side ? Result::P2Wins : Result::P1Wins); }
    void on(const event::Tie&, const Battle&) { pass(Result::Tie); }

  private:
    template <class Event>
    void pass(const Event& event) {
        learn(knowledge_[0], event);
        learn(knowledge_[1], event);
    }

    template <class Event>
    void pass_health(Event event) {
        learn(knowledge_[event.side], event);
        event.health = in_percent(event.health);
        learn(knowledge_[1 - event.side], event);
    }

    Knowledge (&knowledge_)[2];
};

// What the request of `battle` tells `player`.
Ask ask_of(const Battle& battle, int player);

// Knowledge of both players before the battle starts (its parties set up, nothing shown yet).
void know_parties(const Battle& battle, Knowledge (&knowledge)[2]);

}  // namespace gen1
