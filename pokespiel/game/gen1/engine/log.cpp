#include "log.hpp"

#include <array>

namespace gen1 {
namespace {

using event::Condition;
using event::HintText;

const char* status_id(Status status) {
    static constexpr const char* kIds[] = {"", "slp", "psn", "brn", "frz", "par", "tox"};
    return kIds[static_cast<int>(status)];
}

const char* move_name(std::uint8_t move) { return kMoveNames[move <= kMoveCount ? move : 0].name; }

std::string side_name(int side) { return side ? "p2" : "p1"; }

// The condition's name in |-start| and |-end| lines; Disable, Mimic and the type change carry more.
const char* condition_name(Condition condition) {
    switch (condition) {
        case Condition::Bide: return "Bide";
        case Condition::Confusion: return "confusion";
        case Condition::Disable: return "Disable";
        case Condition::FocusEnergy: return "move: Focus Energy";
        case Condition::LeechSeed: return "move: Leech Seed";
        case Condition::LightScreen: return "Light Screen";
        case Condition::Mimic: return "Mimic";
        case Condition::Mist: return "Mist";
        case Condition::Reflect: return "Reflect";
        case Condition::Substitute: return "Substitute";
        case Condition::ToxicCounter: return "Toxic counter";
        case Condition::TypeChange: return "typechange";
        case Condition::Trapped: return "";
    }
    return "";
}

std::string type_names(const Type (&types)[2]) {
    static constexpr const char* kNames[] = {"Normal", "Fighting", "Flying", "Poison", "Ground", "Rock", "Bug", "Ghost",
                                             "Fire", "Water", "Grass", "Electric", "Psychic", "Ice", "Dragon", "???"};
    const std::string first = kNames[static_cast<int>(types[0])];
    return types[0] == types[1] ? first : first + "/" + kNames[static_cast<int>(types[1])];
}

const char* hint_text(HintText hint) {
    switch (hint) {
        case HintText::PpUnderflow: return "In Gen 1, if a Pokémon is forced to use a move with 0 PP, the move will underflow to have 63 PP.";
        case HintText::CannotMoveAsleep: return "In Gen 1, if a Pokémon spends a turn partially trapped and switches to a Pokémon that is asleep, the sleep counter will not decrease until you select a move with a different Pokémon.";
        case HintText::CannotMoveLocked: return "In Gen 1, when Haze cures the sleep/freeze status of a Pokémon during a multi-turn move, that Pokémon will become soft-locked.";
        case HintText::CannotMoveBide: return "In Gen 1, when Haze cures the sleep/freeze status of a Pokémon during Bide, the move execution will never resolve.";
        case HintText::Desync: return "Desync Clause Mod activated!";
        case HintText::DesyncMove: return "In Gen 1, if both players would see the same Pokémon using different moves, the Pokemon defaults to the move shown from the perspective of the player controlling that Pokémon.";
        case HintText::NoMove: return "In Gen 1, if a Pokémon is thawed from freeze and no move has been selected yet, the Pokémon will use a move with Fissure's animation, 102 base power, ??? type, Special category, and around 31.6% accuracy.";
        case HintText::TrapRecharge: return "In Gen 1, partial trapping moves negate the recharge turn of Hyper Beam, even if they miss.";
        case HintText::FullAccuracyMiss: return "In Gen 1, moves with 100% accuracy can still miss 1/256 of the time.";
        case HintText::RechargeSleep: return "In Gen 1, if a Pokémon that has just used Hyper Beam and has yet to recharge is targeted with a sleep inducing move, any other status it may already have will be ignored and sleep will be induced regardless.";
        case HintText::StatRollover: return "In Gen 1, a stat will roll over to a small number if it is larger than 1024.";
        case HintText::DivisionByZero: return "Pokemon Showdown avoids division by zero by rounding defense up to 1. In game, the battle would have crashed.";
        case HintText::BoostLimit: return "In Gen 1, boosting a stat at 999 will apply a -1 drop afterwards, and the stat remains at 999.";
        case HintText::DropLimit: return "In Gen 1, dropping a stat at 1 will apply a +1 boost afterwards, and the stat remains at 1.";
        case HintText::CounterSleep: return "In Gen 1, if Counter is used against a target that switched in and spent the turn sleeping, from the Counter user's perspective, it will fail if the move in the target's first slot is also Counter.";
        case HintText::CounterAnnounced: return "In Gen 1, from the Counter user's perspective, Counter uses the last announced move by the target's team to determine if it will succeed.";
        case HintText::InvulnerableParalysis: return "In Gen 1, when a Dig/Fly user is fully paralyzed while semi-invulnerable, it will remain semi-invulnerable until it switches out or fully executes Dig/Fly";
        case HintText::RecoveryFails: return "In Gen 1, recovery moves fail if (user's maximum HP - user's current HP + 1) is divisible by 256, unless the current hp is also divisible by 256.";
        case HintText::PsywaveLevel: return "In Gen 1, if a Pokémon at level 0, 1 or 171 uses Psywave, the game softlocks.";
        case HintText::SubstituteConfusion: return "In Gen 1, moves that inflict confusion as a secondary effect can confuse targets with a Substitute, as long as the move does not break the Substitute.";
        case HintText::SelfHitSubstitute: return "In Gen 1, if a Pokemon with a Substitute hurts itself due to confusion or Jump Kick/Hi Jump Kick recoil and the target has a Substitute, the target's Substitute takes the damage.";
        case HintText::SelfHitNoSubstitute: return "In Gen 1, if a Pokemon with a Substitute hurts itself due to confusion or Jump Kick/Hi Jump Kick recoil and the target does not have a Substitute there is no damage dealt.";
        case HintText::ToxicCounterKept: return "In Gen 1, Toxic's counter is retained after Rest and applies to PSN/BRN.";
        case HintText::LeechSeedToxic: return "In Gen 1, Leech Seed's damage is affected by Toxic's counter.";
        case HintText::LeechSeedUnlimited: return "In Gen 1, Leech Seed recovery is not limited by the remaining HP of the seeded Pokemon.";
        case HintText::SleepClause: return "Sleep Clause Mod prevents players from putting more than one of their opponent's Pokémon to sleep at a time";
        case HintText::RageBuilds:
        case HintText::ExplosionSubstitute: return "";  // name a move: see LogWriter
    }
    return "";
}

// The bit that remembers a once-per-battle hint; 0 for other hints.
std::uint32_t once_bit(const event::Hint& hint) {
    static constexpr HintText kOnce[] = {HintText::TrapRecharge, HintText::BoostLimit, HintText::DropLimit,
                                         HintText::InvulnerableParalysis, HintText::ToxicCounterKept,
                                         HintText::LeechSeedToxic, HintText::LeechSeedUnlimited};
    if (hint.text == HintText::RageBuilds) return hint.move == kDisableMove ? 1u : hint.move == kExplosion ? 2u : 4u;
    for (int i = 0; i < 7; ++i)
        if (kOnce[i] == hint.text) return 8u << i;
    return 0;
}

}  // namespace

void LogWriter::begin() {
    line("|gametype|singles");
    line("|player|p1|" + names_.players[0] + "||");
    line("|player|p2|" + names_.players[1] + "||");
    line("|gen|1");
    line("|tier|[Gen 1] OU");
    line("|rule|Desync Clause Mod: Desyncs resolve to link battle behavior from the acting player's perspective.");
    line("|rule|HP Percentage Mod: HP is shown in percentages");
    line("|rule|Endless Battle Clause: Forcing endless battles is banned");
    line("|rule|Sleep Clause Mod: Limit one foe put to sleep");
    line("|rule|Freeze Clause Mod: Limit one foe frozen");
    line("|rule|Species Clause: Limit one of each Pokémon");
    line("|rule|OHKO Clause: OHKO moves are banned");
    line("|rule|Evasion Moves Clause: Evasion moves are banned");
}

std::string LogWriter::pokemon(const Battle& battle, int side) const {
    return side_name(side) + "a: " + names_.pokemon[side][battle.sides[side].order[0]];
}

// A line with HP in it, once exact and once in percent.
void LogWriter::split(int side, const std::string& before, const event::Health& health, const std::string& after) {
    const std::string suffix = (health.status == Status::None ? "" : std::string(" ") + status_id(health.status)) + after;
    line("|split|" + side_name(side));
    if (!health.hp) {
        line(before + "0 fnt" + after);
        line(before + "0 fnt" + after);
        return;
    }
    line(before + std::to_string(health.hp) + "/" + std::to_string(health.max_hp) + suffix);
    line(before + std::to_string(event::percent(health.hp, health.max_hp)) + "/100" + suffix);
}

void LogWriter::on(const event::TeamSizes&, const Battle& battle) {
    for (int side = 0; side < 2; ++side)
        line("|teamsize|" + side_name(side) + "|" + std::to_string(battle.sides[side].size));
    line("|start");
}

void LogWriter::on(const event::Switch& event, const Battle& battle) {
    const Pokemon& entering = battle.sides[event.side].team[event.pokemon];
    std::string details = kSpeciesNames[entering.species].name;
    if (entering.level != 100) details += ", L" + std::to_string(entering.level);
    split(event.side, "|switch|" + pokemon(battle, event.side) + "|" + details + "|", event.health, "");
}

void LogWriter::on(const event::Turn& event, const Battle&) { line("|turn|" + std::to_string(event.turn)); }

void LogWriter::on(const event::Faint& event, const Battle& battle) { line("|faint|" + pokemon(battle, event.side)); }

void LogWriter::on(const event::Win& event, const Battle&) { line("|win|" + names_.players[event.side]); }

void LogWriter::on(const event::TurnsLeft& event, const Battle&) {
    const std::string turns = event.turns == 1 ? "1 turn" : std::to_string(event.turns) + " turns";
    line("|bigerror|You will auto-tie if the battle doesn't end in " + turns + " (on turn 1000).");
}

void LogWriter::on(const event::UseMove& event, const Battle& battle) {
    move_line_ = text_.size();
    std::string text = "|move|" + pokemon(battle, event.side) + "|" + move_name(event.move) + "|" + pokemon(battle, event.target);
    if (event.caller != kNoMove) text += std::string("|[from] ") + move_name(event.caller);
    line(text);
}

// Edits the last |move| line: [still] also takes its target away.
void LogWriter::on(const event::MarkMove& event, const Battle&) {
    if (move_line_ == std::string::npos) return;
    if (event.mark == event::Mark::Still) {
        std::size_t begin = move_line_;
        for (int bar = 0; bar < 3; ++bar) begin = text_.find('|', begin + 1);
        const std::size_t end = text_.find_first_of("|\n", begin + 2);
        text_.erase(begin + 1, end - begin - 1);
    }
    text_.insert(text_.find('\n', move_line_), event.mark == event::Mark::Still ? "|[still]" : "|[miss]");
}

void LogWriter::on(const event::Prepare& event, const Battle& battle) {
    line("|-prepare|" + pokemon(battle, event.side) + "|" + move_name(event.move));
}

void LogWriter::on(const event::Miss& event, const Battle& battle) { line("|-miss|" + pokemon(battle, event.side)); }

void LogWriter::on(const event::InvulnerableMiss& event, const Battle& battle) {
    const std::string& name = names_.pokemon[event.side][battle.sides[event.side].order[0]];
    line("|-message|The foe " + name + " can't be hit while invulnerable!");
}

void LogWriter::on(const event::Fail& event, const Battle& battle) {
    std::string text = "|-fail|" + pokemon(battle, event.side);
    if (event.reason == event::FailReason::Status) text += std::string("|") + status_id(event.status);
    if (event.reason == event::FailReason::Substitute) text += "|move: Substitute";
    if (event.reason == event::FailReason::Weak) text += "|move: Substitute|[weak]";
    line(text);
}

void LogWriter::on(const event::Immune& event, const Battle& battle) {
    line("|-immune|" + pokemon(battle, event.side) + (event.ohko ? "|[ohko]" : ""));
}

void LogWriter::on(const event::Critical& event, const Battle& battle) { line("|-crit|" + pokemon(battle, event.side)); }

void LogWriter::on(const event::SuperEffective& event, const Battle& battle) {
    line("|-supereffective|" + pokemon(battle, event.side));
}

void LogWriter::on(const event::Resisted& event, const Battle& battle) { line("|-resisted|" + pokemon(battle, event.side)); }

void LogWriter::on(const event::HitCount& event, const Battle& battle) {
    line("|-hitcount|" + pokemon(battle, event.side) + "|" + std::to_string(event.hits));
}

void LogWriter::on(const event::MustRecharge& event, const Battle& battle) {
    line("|-mustrecharge|" + pokemon(battle, event.side));
}

void LogWriter::on(const event::Transformed& event, const Battle& battle) {
    line("|-transform|" + pokemon(battle, event.side) + "|" + pokemon(battle, 1 - event.side));
}

void LogWriter::on(const event::Cant& event, const Battle& battle) {
    static constexpr const char* kReasons[] = {"slp", "frz", "par", "flinch", "recharge", "partiallytrapped", "Disable"};
    std::string text = "|cant|" + pokemon(battle, event.side) + "|" + kReasons[static_cast<int>(event.reason)];
    if (event.move != kNoMove) text += std::string("|") + move_name(event.move);
    line(text);
}

void LogWriter::on(const event::Damage& event, const Battle& battle) {
    static constexpr const char* kReasons[] = {"", "|[from] Recoil", "|[from] brn", "|[from] psn", "|[from] Leech Seed", "|[from] confusion"};
    std::string after = kReasons[static_cast<int>(event.reason)];
    if (event.of_foe) after += "|[of] " + pokemon(battle, 1 - event.side);
    split(event.side, "|-damage|" + pokemon(battle, event.side) + "|", event.health, after);
}

void LogWriter::on(const event::Heal& event, const Battle& battle) {
    std::string after;
    if (event.reason == event::HealReason::Silent) after = "|[silent]";
    if (event.reason == event::HealReason::Drain) after = "|[from] drain|[of] " + pokemon(battle, 1 - event.side);
    split(event.side, "|-heal|" + pokemon(battle, event.side) + "|", event.health, after);
}

void LogWriter::on(const event::StatusStart& event, const Battle& battle) {
    std::string text = "|-status|" + pokemon(battle, event.side) + "|" + status_id(event.status);
    if (event.move != kNoMove) text += std::string("|[from] move: ") + move_name(event.move);
    line(text + (event.silent ? "|[silent]" : ""));
}

void LogWriter::on(const event::StatusEnd& event, const Battle& battle) {
    line("|-curestatus|" + pokemon(battle, event.side) + "|" + status_id(event.status) + (event.silent ? "|[silent]" : "|[msg]"));
}

void LogWriter::on(const event::Boost& event, const Battle& battle) {
    static constexpr const char* kStats[] = {"atk", "def", "spe", "spa", "spd", "accuracy", "evasion"};
    const int amount = event.amount < 0 ? -event.amount : event.amount;
    line((event.amount < 0 ? "|-unboost|" : "|-boost|") + pokemon(battle, event.side) + "|" +
         kStats[static_cast<int>(event.stat)] + "|" + std::to_string(amount) + (event.rage ? "|[from] Rage" : ""));
}

void LogWriter::on(const event::HazeUsed& event, const Battle& battle) {
    line("|-activate|" + pokemon(battle, event.side) + "|move: Haze");
    line("|-clearallboost|[silent]");
}

void LogWriter::on(const event::Start& event, const Battle& battle) {
    std::string text = "|-start|" + pokemon(battle, event.side) + "|" + condition_name(event.condition);
    if (event.condition == Condition::Disable || event.condition == Condition::Mimic) text += std::string("|") + move_name(event.move);
    if (event.condition == Condition::TypeChange)
        text += "|" + type_names(battle.sides[event.side].active.types) + "|[from] move: Conversion|[of] " + pokemon(battle, 1 - event.side);
    line(text + (event.silent ? "|[silent]" : ""));
}

void LogWriter::on(const event::End& event, const Battle& battle) {
    std::string name = condition_name(event.condition);
    if (event.condition == Condition::Trapped)
        name = std::string(move_name(battle.sides[1 - event.side].active.trap_move)) + "|[partiallytrapped]";
    line("|-end|" + pokemon(battle, event.side) + "|" + name + (event.silent ? "|[silent]" : ""));
}

void LogWriter::on(const event::Activate& event, const Battle& battle) {
    static constexpr const char* kWhat[] = {"Bide", "confusion", "Substitute|[damage]", "move: Mist"};
    line("|-activate|" + pokemon(battle, event.side) + "|" + kWhat[static_cast<int>(event.what)]);
}

void LogWriter::on(const event::Hint& event, const Battle&) {
    const std::uint32_t bit = once_bit(event);
    if (hints_ & bit) return;
    hints_ |= bit;
    std::string text = hint_text(event.text);
    const std::string name = move_name(event.move);
    if (event.text == HintText::RageBuilds)
        text = "In Gen 1, using " + name + " causes the target to build Rage, even if it misses or fails";
    if (event.text == HintText::ExplosionSubstitute)
        text = "In Gen 1, the user of " + name + " will not take damage if it breaks a Substitute.";
    if (event.only != event::kEverybody) line("|split|" + side_name(event.only));
    line("|-hint|" + text);
    if (event.only != event::kEverybody) line("");
}

std::string view_of_log(std::string_view log, int player) {
    std::string view;
    while (!log.empty()) {
        const auto take = [&log] {
            const std::size_t end = log.find('\n');
            const std::string_view one = log.substr(0, end);
            log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
            return one;
        };
        std::string_view shown = take();
        const bool split = shown.starts_with("|split|p");
        if (split) {
            const int owner = shown.back() - '1';
            const std::string_view secret = take(), shared = take();
            shown = owner == player ? secret : shared;
        }
        if (!split || !shown.empty()) view.append(shown) += '\n';
    }
    return view;
}

}  // namespace gen1
