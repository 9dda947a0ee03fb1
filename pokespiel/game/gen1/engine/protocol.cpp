// Protocol lines to events. The requests are in protocol_request.cpp.
#include "protocol.hpp"

#include <charconv>
#include <stdexcept>

#include "json.hpp"
#include "lexicon.hpp"
#include "validate.hpp"
#include "view.hpp"

namespace gen1 {
namespace {

constexpr std::size_t kLongestLine = 1 << 20, kMostWaiting = 1 << 24;
constexpr int kLargestHp = 1023, kLargestTurn = 1000;

int read_number(std::string_view text, int low, int high) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
        throw std::invalid_argument("expected a number from " + std::to_string(low) + " to " + std::to_string(high) + ", found '" +
                                    std::string(text.substr(0, 40)) + "'");
    return value;
}

std::string_view without(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

// The start of a line for an error message: at most this much, in printable ASCII.
std::string quoted(std::string_view line) {
    std::string out = "'";
    for (const char c : line.substr(0, 120)) out += c >= 0x20 && c < 0x7F ? c : '?';
    return out + (line.size() > 120 ? "...'" : "'");
}

}  // namespace

// A line cut at its bars: "|move|p1a: X|Wrap|p2a: Y|[miss]" has the fields move, p1a: X, Wrap, p2a: Y, [miss].
struct Tracker::Line {
    std::vector<std::string_view> fields;

    explicit Line(std::string_view text) {
        text.remove_prefix(1);
        for (;;) {
            const std::size_t bar = text.find('|');
            fields.push_back(text.substr(0, bar));
            if (bar == std::string_view::npos || fields.size() > 64) return;
            text.remove_prefix(bar + 1);
        }
    }

    std::string_view kind() const { return fields[0]; }

    std::string_view at(std::size_t field) const {
        if (field >= fields.size()) throw std::invalid_argument("a field is missing");
        return fields[field];
    }

    // Whether one of the fields after the kind is `word`.
    bool has(std::string_view word) const {
        for (std::size_t i = 1; i < fields.size(); i++)
            if (fields[i] == word) return true;
        return false;
    }

    // What follows "[from]" (and a blank, and "move: "), or nothing.
    std::string_view from() const {
        for (std::size_t i = 1; i < fields.size(); i++)
            if (fields[i].starts_with("[from]")) return without(without(fields[i].substr(6), " "), "move: ");
        return {};
    }

    // The side of "p1a: Name", which must be on the field.
    int side(std::size_t field) const {
        const std::string_view text = at(field);
        const bool shaped = text.size() >= 3 && text[0] == 'p' && (text[1] == '1' || text[1] == '2') && text[2] == 'a';
        if (!shaped || (text.size() > 3 && text[3] != ':'))
            throw std::invalid_argument("expected a Pokemon on the field ('p1a: Name')");
        return text[1] - '1';
    }

    // The side of "p1: Player" or "p1".
    int player(std::size_t field) const {
        const std::string_view text = at(field).substr(0, 2);
        if (text != "p1" && text != "p2") throw std::invalid_argument("expected player p1 or p2");
        return text == "p2";
    }

    std::string_view name(std::size_t field) const { return side(field), at(field).size() > 5 ? at(field).substr(5) : ""; }

    std::uint8_t move(std::string_view text) const {
        const std::uint8_t move = find_move(text);
        if (!move) throw std::invalid_argument("unknown move");
        return move;
    }
};

Tracker::Tracker(int player, Order order) : player_(player), order_(order) {
    if (player < -1 || player > 1) throw std::invalid_argument("the player must be 0, 1 or -1 (as the first request says)");
}

void Tracker::line(std::string_view text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.size() > kLongestLine) throw std::invalid_argument("a line of " + std::to_string(text.size()) + " bytes: " + quoted(text));
    if (text.find('\n') != std::string_view::npos) throw std::invalid_argument("expected one line, found a line break in " + quoted(text));
    if (!json::is_utf8(text)) throw std::invalid_argument("the line is not UTF-8: " + quoted(text));
    if (text.starts_with("|request|")) {
        if (text.size() > 9) hear_request(text.substr(9));
        return;
    }
    if (held_) before_line(text);
    if (ready_) {
        read(text);
        if (held_) after_line(text);
        return;
    }
    waiting_bytes_ += text.size() + 1;
    if (waiting_bytes_ > kMostWaiting) throw std::invalid_argument("no request came in " + std::to_string(kMostWaiting) + " bytes of lines");
    waiting_.emplace_back(text);
}

void Tracker::read(std::string_view text) {
    if (text.empty() || text[0] != '|') return;
    const Knowledge before = knowledge_;
    try {
        const Line line(text);
        if (!read_frame(line) && !read_action(line)) read_effect(line);
        require_possible();
    } catch (const std::invalid_argument& error) {
        knowledge_ = before;
        throw std::invalid_argument(std::string(error.what()) + " in line " + quoted(text));
    }
}

// Valid lines may contradict each other: seven Pokemon fainted, a team smaller than it was.
void Tracker::require_possible() const {
    const std::string wrong = impossibility(knowledge_);
    if (!wrong.empty()) throw std::invalid_argument("an impossible battle (" + wrong + ")");
}

// The battle's frame: who plays, turns, the end.
bool Tracker::read_frame(const Line& line) {
    const std::string_view kind = line.kind();
    if (kind == "turn") {
        learn(knowledge_, event::Turn{read_number(line.at(1), 1, kLargestTurn)});
    } else if (kind == "upkeep") {
        learn(knowledge_, event::Upkeep{});
    } else if (kind == "player" && line.fields.size() > 2 && !line.at(2).empty()) {
        players_[line.player(1)] = line.at(2);
    } else if (kind == "teamsize") {
        const int side = line.player(1), size = read_number(line.at(2), 1, kTeamSize);
        sizes_[side] = size;
        if (side != knowledge_.player) knowledge_.sides[1].size = static_cast<std::uint8_t>(size);
    } else if (kind == "gen") {
        if (line.at(1) != "1") throw std::invalid_argument("expected a battle of generation 1");
    } else if (kind == "gametype") {
        if (line.at(1) != "singles") throw std::invalid_argument("expected a singles battle");
    } else if (kind == "split") {
        throw std::invalid_argument("expected what one player is sent, found the log of both");
    } else if (kind == "win" || kind == "tie") {
        read_win(line);
    } else {
        return false;
    }
    return true;
}

void Tracker::read_win(const Line& line) {
    if (line.kind() == "tie") return learn(knowledge_, Result::Tie);
    for (int side = 0; side < 2; side++)
        if (players_[side] == line.at(1)) return learn(knowledge_, side ? Result::P2Wins : Result::P1Wins);
    throw std::invalid_argument("the winner is neither player");
}

bool Tracker::read_action(const Line& line) {
    const std::string_view kind = line.kind();
    if (kind == "move") return read_move(line), true;
    if (kind == "switch" || kind == "drag") return read_switch(line), true;
    if (kind == "cant") return read_cant(line), true;
    if (kind != "faint") return false;
    learn(knowledge_, event::Faint{line.side(1)});
    return true;
}

// "61/100 par", "0 fnt"; the own in points, the foe's in percent.
event::Health Tracker::read_health(const Line& line, std::size_t field, int side) const {
    std::string_view text = line.at(field);
    if (text == "0 fnt") return {0, knowledge_.seat_of(side) ? std::uint16_t{100} : knowledge_.sides[0].pokemon().max_hp, Status::None};
    const std::size_t slash = text.find('/'), space = text.find(' ');
    if (slash == std::string_view::npos) throw std::invalid_argument("expected HP ('61/100 par')");
    const std::string_view most = text.substr(slash + 1, space == std::string_view::npos ? space : space - slash - 1);
    const int max_hp = read_number(most, 1, kLargestHp), hp = read_number(text.substr(0, slash), 0, max_hp);
    if (knowledge_.seat_of(side) == 1 && max_hp != 100) throw std::invalid_argument("expected the foe's HP in percent");
    const int status = space == std::string_view::npos ? 0 : find_status(text.substr(space + 1));
    if (status < 0) throw std::invalid_argument("unknown status");
    return {static_cast<std::uint16_t>(hp), static_cast<std::uint16_t>(max_hp), static_cast<Status>(status)};
}

void Tracker::read_switch(const Line& line) {
    const int side = line.side(1);
    std::string_view details = line.at(2);
    const std::size_t comma = details.find(',');
    const std::uint8_t species = find_species(details.substr(0, comma));
    if (!species) throw std::invalid_argument("unknown species");
    int level = 100;
    const std::size_t at = details.find(", L");
    if (at != std::string_view::npos) {
        const std::string_view rest = details.substr(at + 3);
        level = read_number(rest.substr(0, rest.find(',')), 1, 100);
    }
    const event::Health health = read_health(line, 3, side);
    const int index = knowledge_.seat_of(side) == 0 ? own_index(line.name(1), species, level, health) : 0;
    learn(knowledge_, Appeared{side, species, static_cast<std::uint8_t>(level), health, index});
}

// Names decide; if two members share one, HP and status decide, then the party order.
int Tracker::own_index(std::string_view name, int species, int level, const event::Health& health) const {
    const KnownSide& own = knowledge_.sides[0];
    int best = -1, most = 0;
    for (int place = own.size - 1; place >= 0; place--) {
        const int index = own.order[place];
        const KnownPokemon& pokemon = own.party[index];
        if (pokemon.species != species || pokemon.level != level) continue;
        const int fits = 1 + 8 * (names_[static_cast<std::size_t>(index)] == name) +
                         4 * (pokemon.hp == health.hp && pokemon.status == health.status);
        if (fits >= most) best = index, most = fits;
    }
    if (best < 0) throw std::invalid_argument("the own party has no such Pokemon");
    return best;
}

void Tracker::read_move(const Line& line) {
    const int side = line.side(1);
    if (line.at(2) == "recharge") return learn(knowledge_, event::Cant{side, event::CantReason::Recharge, kNoMove});  // in old logs, where it can miss
    const std::string_view from = line.from();
    const std::uint8_t move = line.move(line.at(2));
    learn(knowledge_, event::UseMove{side, move, 1 - side, from.empty() ? std::uint8_t{kNoMove} : line.move(from)});
}

void Tracker::read_cant(const Line& line) {
    static constexpr std::string_view kReasons[] = {"slp", "frz", "par", "flinch", "recharge", "partiallytrapped", "Disable"};
    const int side = line.side(1);
    for (int reason = 0; reason < 7; reason++)
        if (line.at(2) == kReasons[reason])
            return learn(knowledge_, event::Cant{side, static_cast<event::CantReason>(reason), kNoMove});
    throw std::invalid_argument("unknown reason not to move");
}

bool Tracker::read_effect(const Line& line) {
    const std::string_view kind = line.kind();
    if (kind == "-damage") {
        static constexpr std::string_view kReasons[] = {"", "Recoil", "brn", "psn", "Leech Seed", "confusion"};
        const int side = line.side(1);
        auto reason = event::DamageReason::Recoil;  // not a hit of a move, and without other effect
        for (int i = 0; i < 6; i++)
            if (line.from() == kReasons[i]) reason = static_cast<event::DamageReason>(i);
        learn(knowledge_, event::Damage{side, read_health(line, 2, side), reason, false});
    } else if (kind == "-heal") {
        const int side = line.side(1);
        learn(knowledge_, event::Heal{side, read_health(line, 2, side), event::HealReason::Move});
    } else if (kind == "-status" || kind == "-curestatus") {
        read_status(line);
    } else if (kind == "-boost" || kind == "-unboost") {
        read_boost(line, kind == "-boost" ? 1 : -1);
    } else if (kind == "-activate") {
        read_activation(line);
    } else if (kind == "-start" || kind == "-end") {
        read_condition(line, line.side(1), kind == "-start");
    } else if (kind == "-sidestart" || kind == "-sideend") {
        read_condition(line, line.player(1), kind == "-sidestart");
    } else if (kind == "-clearallboost") {
        if (!line.has("[silent]")) learn(knowledge_, event::HazeUsed{0});  // otherwise "|-activate|" has said it
    } else if (kind == "-prepare") {
        learn(knowledge_, event::Prepare{line.side(1), line.move(line.at(2))});
    } else if (kind == "-mustrecharge") {
        learn(knowledge_, event::MustRecharge{line.side(1)});
    } else if (kind == "-transform") {
        learn(knowledge_, event::Transformed{line.side(1)});
    } else if (kind == "-miss") {
        learn(knowledge_, event::Miss{line.side(1)});
    } else if (kind == "-immune") {
        learn(knowledge_, event::Immune{line.side(1), false});
    } else {
        return false;
    }
    return true;
}

void Tracker::read_status(const Line& line) {
    const int side = line.side(1), status = find_status(line.at(2));
    if (status <= 0) throw std::invalid_argument("unknown status");
    const bool silent = line.has("[silent]");
    if (line.kind() == "-curestatus") return learn(knowledge_, event::StatusEnd{side, static_cast<Status>(status), silent});
    const std::string_view from = line.from();
    const std::uint8_t move = from.empty() ? std::uint8_t{kNoMove} : line.move(from);
    learn(knowledge_, event::StatusStart{side, static_cast<Status>(status), move, silent});
}

void Tracker::read_boost(const Line& line, int sign) {
    static constexpr std::string_view kStats[] = {"atk", "def", "spe", "spa", "spd", "accuracy", "evasion"};
    const int side = line.side(1), amount = read_number(line.at(3), 0, 12);
    for (int stat = 0; stat < 7; stat++)
        if (line.at(2) == kStats[stat])
            return learn(knowledge_, event::Boost{side, static_cast<event::BoostStat>(stat), sign * amount, line.from() == "Rage"});
    throw std::invalid_argument("unknown stat");
}

void Tracker::read_activation(const Line& line) {
    if (line.fields.size() < 3) return;  // of the battle as a whole: nothing of Gen 1's
    const std::string_view what = without(line.at(2), "move: ");
    if (what == "Haze") return learn(knowledge_, event::HazeUsed{line.side(1)});
    if (what == "Bide") return learn(knowledge_, event::Activate{line.side(1), event::Activated::Bide});
    if (what == "confusion") return learn(knowledge_, event::Activate{line.side(1), event::Activated::Confusion});
    if (what == "Substitute") return learn(knowledge_, event::Activate{line.side(1), event::Activated::SubstituteDamage});
    if (what == "Mist") return learn(knowledge_, event::Activate{line.side(1), event::Activated::Mist});
}

void Tracker::read_condition(const Line& line, int side, bool starts) {
    using event::Condition;
    static constexpr struct { std::string_view id; Condition condition; } kConditions[] = {
        {"bide", Condition::Bide}, {"confusion", Condition::Confusion}, {"disable", Condition::Disable},
        {"focusenergy", Condition::FocusEnergy}, {"leechseed", Condition::LeechSeed}, {"lightscreen", Condition::LightScreen},
        {"mimic", Condition::Mimic}, {"mist", Condition::Mist}, {"reflect", Condition::Reflect},
        {"substitute", Condition::Substitute}, {"toxiccounter", Condition::ToxicCounter}};
    const std::string what = to_id(without(line.at(2), "move: "));
    const bool silent = line.has("[silent]");
    if (starts && what == "typechange") {
        const std::string_view types = line.at(3);  // "Grass/Poison", before "Grass, Poison"
        const std::size_t cut = types.find_first_of("/,");
        const int first = find_type(types.substr(0, cut));
        const int second = cut == std::string_view::npos ? first : find_type(without(types.substr(cut + 1), " "));
        if (first < 0 || second < 0) throw std::invalid_argument("unknown type");
        return learn(knowledge_, Typed{side, {static_cast<Type>(first), static_cast<Type>(second)}});
    }
    if (!starts && line.has("[partiallytrapped]")) return learn(knowledge_, event::End{side, Condition::Trapped, silent});
    for (const auto& [id, condition] : kConditions) {
        if (what != id) continue;
        const bool named = starts && (condition == Condition::Disable || condition == Condition::Mimic);
        const std::uint8_t move = named ? line.move(line.at(3)) : std::uint8_t{kNoMove};
        if (starts) return learn(knowledge_, event::Start{side, condition, move, silent});
        return learn(knowledge_, event::End{side, condition, silent});
    }
}

void Tracker::features(std::int16_t* out) {
    if (!ready_) throw std::invalid_argument("no request has come yet, so the own party is not known");
    if (due_) return settled().features(out);
    update(estimates_, knowledge_);
    write_compact(knowledge_, estimates_, out);
}

void Tracker::features(float* out) {
    std::int16_t compact[kCompactSize];
    features(compact);
    expand(compact, out);
}

}  // namespace gen1
