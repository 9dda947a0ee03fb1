// Requests: the player's party and what the player is asked.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "json.hpp"
#include "learning.hpp"
#include "lexicon.hpp"
#include "protocol.hpp"

namespace gen1 {

namespace {

using json::Value;

constexpr int kLargestStat = 1023;
constexpr int kMostPp = 64;

std::uint8_t move_number(const Value& value) {
    const std::string& id = value.as_string("a move of the request");
    if (id == "fight") return kFight;
    if (id == "recharge") return kRecharge;
    const std::uint8_t move = find_move(id);
    if (!move) throw std::invalid_argument("the request names the unknown move '" + id.substr(0, 40) + "'");
    return move;
}

int leading_number(std::string_view text, const char* what) {
    int value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value < 0 || value > kLargestStat)
        throw std::invalid_argument(std::string(what) + ": expected a number, found '" + std::string(text.substr(0, 40)) + "'");
    return value;
}

// "353/353 par", "0 fnt".
void read_condition(const std::string& text, OwnPokemon& pokemon) {
    pokemon.hp = static_cast<std::uint16_t>(leading_number(text, "a Pokemon's condition"));
    const std::size_t slash = text.find('/'), space = text.find(' ');
    if (slash == std::string::npos) {
        if (pokemon.hp) throw std::invalid_argument("a Pokemon's condition: expected '353/353', found '" + text.substr(0, 40) + "'");
        return;
    }
    pokemon.max_hp = static_cast<std::uint16_t>(leading_number(std::string_view(text).substr(slash + 1), "a Pokemon's condition"));
    const int status = space == std::string::npos ? 0 : find_status(std::string_view(text).substr(space + 1));
    if (status < 0 || pokemon.hp > pokemon.max_hp)
        throw std::invalid_argument("a Pokemon's condition: expected '353/353 par', found '" + text.substr(0, 40) + "'");
    pokemon.status = static_cast<Status>(status);
}

void read_details(const std::string& text, OwnPokemon& pokemon) {
    pokemon.species = find_species(std::string_view(text).substr(0, text.find(',')));
    if (!pokemon.species) throw std::invalid_argument("the request names the unknown species '" + text.substr(0, 40) + "'");
    const std::size_t level = text.find(", L");
    pokemon.level = level == std::string::npos ? std::uint8_t{100} : static_cast<std::uint8_t>(std::clamp(leading_number(std::string_view(text).substr(level + 3), "a level"), 1, 100));
}

void read_moves(const Value& value, std::uint8_t (&moves)[kMoveSlots]) {
    std::fill(std::begin(moves), std::end(moves), std::uint8_t{kNoMove});
    const auto& list = value.as_array("a Pokemon's moves", kMoveSlots);
    for (std::size_t i = 0; i < list.size(); i++) {
        moves[i] = move_number(list[i]);
        if (moves[i] > kMoveCount) throw std::invalid_argument("a Pokemon's moves: expected moves of Gen 1");
    }
}

OwnPokemon read_pokemon(const Value& value) {
    OwnPokemon pokemon{};
    read_details(value["details"].as_string("a Pokemon's details"), pokemon);
    read_condition(value["condition"].as_string("a Pokemon's condition"), pokemon);
    const char* const kStats[] = {"atk", "def", "spe", "spa"};
    for (int i = 0; i < 4; i++)
        pokemon.stats[i] = static_cast<std::uint16_t>(value["stats"][kStats[i]].as_int("a Pokemon's stats", 1, kLargestStat));
    read_moves(value["moves"], pokemon.moves);
    for (int i = 0; i < kMoveSlots; i++) pokemon.pp[i] = kMoves[pokemon.moves[i]].max_pp;
    return pokemon;
}

void read_menu(const Value& active, Ask& ask) {
    const auto& moves = active["moves"].as_array("the moves of the request", kMoveSlots);
    if (moves.empty()) throw std::invalid_argument("the request offers no move");
    ask.move_count = static_cast<std::uint8_t>(moves.size());
    ask.trapped = active["trapped"].flag();
    ask.maybe_locked = active["maybeLocked"].flag();
    ask.pp_shown = !moves[0]["pp"].is(Value::Kind::null);
    for (std::size_t i = 0; i < moves.size(); i++) {
        ask.moves[i] = move_number(moves[i]["id"]);
        ask.usable[i] = !moves[i]["disabled"].flag();
        if (!ask.pp_shown) continue;
        ask.pp[i] = static_cast<std::uint8_t>(moves[i]["pp"].as_int("PP", 0, kMostPp));
        ask.max_pp[i] = static_cast<std::uint8_t>(moves[i]["maxpp"].as_int("PP", 0, kMostPp));
    }
}

// A trapped Pokemon is asked with `trapped` where it could switch otherwise; a lock is what features and choices see.
Ask read_ask(const Value& request) {
    Ask ask{};
    if (request["wait"].flag()) return ask;
    if (request["forceSwitch"].is(Value::Kind::array)) {
        ask.request = Request::Switch;
        return ask;
    }
    const auto& active = request["active"].as_array("the request", 1);
    if (active.empty()) throw std::invalid_argument("the request asks for nothing");
    ask.request = Request::Move;
    read_menu(active[0], ask);
    return ask;
}

}  // namespace

// Nothing for `null`.
std::optional<Tracker::Asked> Tracker::parse_request(std::string_view json) {
    const Value request = json::parse(json);
    if (request.is(Value::Kind::null)) return {};
    const Value& side = request["side"];
    const std::string& id = side["id"].as_string("the side of the request");
    if (id != "p1" && id != "p2") throw std::invalid_argument("the side of the request: expected p1 or p2");
    const auto& list = side["pokemon"].as_array("the party", kTeamSize);
    if (list.empty()) throw std::invalid_argument("the party is empty");
    Asked asked{id == "p2", {}, read_ask(request)};
    for (const Value& value : list) {
        const std::string& ident = value["ident"].as_string("a Pokemon's name");
        if (!ident.starts_with(id + ": ")) throw std::invalid_argument("a Pokemon's name: expected '" + id + ": ...'");
        asked.party.push_back({ident.substr(4), read_pokemon(value)});
    }
    std::copy_n(asked.party[0].pokemon.moves, kMoveSlots, asked.ask.active_moves);
    return asked;
}

void Tracker::require_own(const Asked& asked) const {
    const int player = ready_ ? knowledge_.player : player_;
    if (player >= 0 && asked.player != player) throw std::invalid_argument("the request is for the other player");
}

// Do all of `step` or nothing. The error that it returns is thrown afterwards.
void Tracker::attempt(const std::function<std::string()>& step) {
    const Tracker before = *this;
    std::string refused;
    try {
        refused = step();
    } catch (const std::invalid_argument& error) {
        *this = before;
        throw std::invalid_argument(std::string(error.what()) + " (in a request)");
    }
    if (!refused.empty()) throw std::invalid_argument(refused);
}

void Tracker::request(std::string_view json) {
    if (held_) settle();
    attempt([&] {
        const std::optional<Asked> asked = parse_request(json);
        return asked ? take(*asked) : std::string();
    });
}

std::string Tracker::take(const Asked& asked) {
    require_own(asked);
    const std::string refused = ready_ ? std::string() : begin(asked.party, asked.player);
    follow(asked.party);
    learn(knowledge_, asked.ask);
    require_possible();
    return refused;
}

// ---- requests before their lines ---------------------------------------------------------------------------------

namespace {

// A line of a battle under way.
bool is_course(std::string_view line) {
    for (const std::string_view kind : {"|switch|", "|drag|", "|move|", "|cant|", "|faint|", "|turn|"})
        if (line.starts_with(kind)) return true;
    return false;
}

bool is_start(std::string_view line) { return line == "|start" || line.starts_with("|start|"); }

}  // namespace

void Tracker::hear_request(std::string_view json) {
    if (held_) settle();
    attempt([&] {
        const std::optional<Asked> asked = parse_request(json);
        if (!asked) return std::string();
        const auto under_way = [](const std::string& line) { return is_start(line) || is_course(line); };
        if (order_ == Order::Unknown && std::any_of(waiting_.begin(), waiting_.end(), under_way)) order_ = Order::LinesFirst;
        return order_ == Order::LinesFirst ? take(*asked) : hold(*asked);
    });
}

std::string Tracker::hold(const Asked& asked) {
    require_own(asked);
    const std::string refused = ready_ ? std::string() : begin(asked.party, asked.player);
    order_of(asked.party);  // refuse what cannot be processed later
    knowledge_.ask = {};
    held_ = asked;
    return refused;
}

void Tracker::before_line(std::string_view line) {
    const bool enters = line.starts_with("|switch|") || line.starts_with("|drag|");
    if (order_ == Order::Unknown && is_start(line)) {
        order_ = Order::RequestsFirst;
    } else if (order_ == Order::Unknown && is_course(line)) {  // of a log without its beginning, or without a log
        order_ = Order::LinesFirst;
        settle();
    } else if (due_ && enters) {
        settle();
    }
}

void Tracker::after_line(std::string_view line) {
    if (order_ != Order::RequestsFirst) return;
    if (line.starts_with("|turn|")) settle();
    due_ = held_ && (due_ || line.starts_with("|faint|"));
}

// Process the held request now.
void Tracker::settle() {
    const Asked asked = *held_;
    held_.reset();
    due_ = false;
    attempt([&] { return take(asked); });
}

// As if the held request had been processed, unless its lines have made that impossible.
Tracker Tracker::settled() const {
    Tracker copy = *this;
    try {
        copy.settle();
    } catch (const std::invalid_argument&) {
    }
    return copy;
}

// ---- the own party -----------------------------------------------------------------------------------------------

namespace {

// A log of more than one turn: the player has returned to a battle, and the request shows the current state.
bool is_replay(const std::vector<std::string>& lines) {
    return std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("|turn|"); }) > 1;
}

// As it was when the battle began, as far as can be told.
void make_whole(OwnPokemon& pokemon) {
    if (!pokemon.max_hp) pokemon.max_hp = highest_hp(pokemon.species, pokemon.level);
    pokemon.hp = pokemon.max_hp;
    pokemon.status = Status::None;
}

}  // namespace

// The first request: the own party is known, so that the lines before it can be read. One that must be refused is left
// out; the first such error is returned.
std::string Tracker::begin(const std::vector<Member>& party, int player) {
    if (!start_pp_.empty() && start_pp_.size() != party.size()) throw std::invalid_argument("expected the PP of each of the party's Pokemon");
    Knowledge fresh = know_nothing(player, sizes_[1 - player] ? sizes_[1 - player] : kTeamSize);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < party.size(); i++) {
        OwnPokemon pokemon = party[i].pokemon;
        if (is_replay(waiting_)) make_whole(pokemon);
        if (!start_pp_.empty())
            for (std::size_t slot = 0; slot < std::min<std::size_t>(kMoveSlots, start_pp_[i].size()); slot++)
                pokemon.pp[slot] = static_cast<std::uint8_t>(std::clamp(start_pp_[i][slot], 0, 63));
        know_own(fresh, static_cast<int>(i), pokemon);
        names.push_back(party[i].name);
    }
    knowledge_ = fresh;
    names_ = names;
    const std::vector<std::string> lines = std::move(waiting_);
    waiting_.clear();
    ready_ = true;
    std::string refused;
    for (const std::string& line : lines) {
        try {
            read(line);
        } catch (const std::invalid_argument& error) {
            if (refused.empty()) refused = error.what();
        }
    }
    return refused;
}

namespace {

// Apply what a request says of a member; returns whether it is news. The moves are its own unless it is on the field.
bool correct(KnownPokemon& known, const OwnPokemon& told, bool own_moves) {
    const KnownPokemon before = known;
    set_health(known, told.hp, told.max_hp ? told.max_hp : known.max_hp);
    if (told.max_hp) known.full_hp = told.max_hp;
    if (!told.hp) known.flags |= KnownPokemon::kFainted;
    known.status = told.status;
    for (int i = 0; own_moves && i < kMoveSlots; i++)
        if (known.moves[i].move != told.moves[i]) known.moves[i] = {told.moves[i], told.pp[i], kMoves[told.moves[i]].max_pp, 0};
    return std::memcmp(&before, &known, sizeof known) != 0;
}

}  // namespace

// The own Pokemon in the order of the request.
std::array<std::uint8_t, kTeamSize> Tracker::order_of(const std::vector<Member>& party) const {
    const KnownSide& own = knowledge_.sides[0];
    if (static_cast<int>(party.size()) != own.size) throw std::invalid_argument("the party has another size than before");
    std::array<std::uint8_t, kTeamSize> order;
    std::copy_n(own.order, kTeamSize, order.begin());
    for (std::size_t place = 0; place < party.size(); place++) {
        const auto fits = [&](std::uint8_t index) {
            const KnownPokemon& known = own.party[index];
            return names_[index] == party[place].name && known.species == party[place].pokemon.species &&
                   known.level == party[place].pokemon.level;
        };
        const auto first = order.begin() + place, end = order.begin() + party.size();
        const auto found = std::find_if(first, end, fits);
        if (found == end) throw std::invalid_argument("the party has other Pokemon than before");
        std::swap(*first, *found);
    }
    return order;
}

// Take the party's order, HP and status from the request.
void Tracker::follow(const std::vector<Member>& party) {
    KnownSide& own = knowledge_.sides[0];
    const auto order = order_of(party);
    own.fainted = 0;
    for (std::size_t place = 0; place < party.size(); place++) {
        const bool on_field = place == 0 && party[place].pokemon.hp;
        if (correct(own.party[order[place]], party[place].pokemon, !on_field)) {
            knowledge_.changed = Knowledge::kBothChanged;
            knowledge_.stale[0] |= static_cast<std::uint8_t>(1 << order[place]);
        }
        own.fainted += party[place].pokemon.hp == 0;
    }
    if (order[0] != own.order[0]) knowledge_.changed = Knowledge::kBothChanged;
    std::copy_n(order.begin(), kTeamSize, own.order);
}

void Tracker::start_with_pp(const std::vector<std::vector<int>>& pp) {
    if (ready_) throw std::invalid_argument("PP at the start must be told before the first request");
    start_pp_ = pp;
}

}  // namespace gen1
