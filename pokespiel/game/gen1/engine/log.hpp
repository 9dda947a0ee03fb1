// The sink that writes Showdown's protocol: the battle log, line by line, with |split| where the players see different
// lines (the owner's first, then everybody else's), and without |t:| lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "events.hpp"
#include "names.hpp"

namespace gen1 {

class LogWriter {
  public:
    // Appends to text. hints: which once-per-battle hints have been given; both outlive the writer.
    LogWriter(const Names& names, std::string& text, std::uint32_t& hints)
        : names_(names), text_(text), hints_(hints) {}

    // The lines before the battle's start: players, generation, tier and rules.
    void begin();

    void on(const event::Blank&, const Battle&) { line("|"); }
    void on(const event::TeamSizes&, const Battle&);
    void on(const event::Switch&, const Battle&);
    void on(const event::Turn&, const Battle&);
    void on(const event::Upkeep&, const Battle&) { line("|upkeep"); }
    void on(const event::Faint&, const Battle&);
    void on(const event::Win&, const Battle&);
    void on(const event::Tie&, const Battle&) { line("|tie"); }
    void on(const event::TurnsLeft&, const Battle&);
    void on(const event::UseMove&, const Battle&);
    void on(const event::MarkMove&, const Battle&);
    void on(const event::Prepare&, const Battle&);
    void on(const event::Miss&, const Battle&);
    void on(const event::InvulnerableMiss&, const Battle&);
    void on(const event::Fail&, const Battle&);
    void on(const event::Immune&, const Battle&);
    void on(const event::Critical&, const Battle&);
    void on(const event::SuperEffective&, const Battle&);
    void on(const event::Resisted&, const Battle&);
    void on(const event::HitCount&, const Battle&);
    void on(const event::OneHitKo&, const Battle&) { line("|-ohko"); }
    void on(const event::Nothing&, const Battle&) { line("|-nothing"); }
    void on(const event::PayDay&, const Battle&) { line("|-fieldactivate|move: Pay Day"); }
    void on(const event::MustRecharge&, const Battle&);
    void on(const event::Transformed&, const Battle&);
    void on(const event::Cant&, const Battle&);
    void on(const event::Damage&, const Battle&);
    void on(const event::Heal&, const Battle&);
    void on(const event::StatusStart&, const Battle&);
    void on(const event::StatusEnd&, const Battle&);
    void on(const event::Boost&, const Battle&);
    void on(const event::HazeUsed&, const Battle&);
    void on(const event::Start&, const Battle&);
    void on(const event::End&, const Battle&);
    void on(const event::Activate&, const Battle&);
    void on(const event::SleepClause&, const Battle&) { line("|-message|Sleep Clause Mod activated."); }
    void on(const event::FreezeClause&, const Battle&) { line("|-message|Freeze Clause activated."); }
    void on(const event::EndlessBattle&, const Battle&) {
        line("|-message|This battle cannot progress. Endless Battle Clause activated!");
    }
    void on(const event::TurnLimit&, const Battle&) { line("|message|It is turn 1000. You have hit the turn limit!"); }
    void on(const event::Hint&, const Battle&);

  private:
    void line(std::string_view text) { text_.append(text) += '\n'; }
    std::string pokemon(const Battle& battle, int side) const;  // "p1a: Tauros"
    void split(int side, const std::string& before, const event::Health& health, const std::string& after);

    const Names& names_;
    std::string& text_;
    std::uint32_t& hints_;
    std::size_t move_line_ = std::string::npos;  // where the last |move| line begins
};

// What one player sees of a log with |split| lines; with player -1 what its spectators see.
std::string view_of_log(std::string_view log, int player);

}  // namespace gen1
