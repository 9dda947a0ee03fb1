#include "session.hpp"

#include <bit>
#include <stdexcept>

#include "engine.hpp"
#include "request.hpp"
#include "validate.hpp"

// The bytes of a session:
//   "PG1\n"  4 | version 1 | state, as in memory 520 | hints u32
//   | names of p1, p2, and of the Pokemon p1 1-6, p2 1-6 (each u32 length, UTF-8) | log (u32 length, UTF-8)
namespace gen1 {
namespace {

static_assert(std::endian::native == std::endian::little, "states are written as they lie in memory: little endian");

constexpr std::string_view kMagic = "PG1\n";
constexpr char kVersion = 1;
constexpr std::size_t kLongestName = 256;

std::string legal_choices(const Battle& battle, int side) {
    Choice choices[kMaxChoices];
    const int count = list_choices(battle, side, choices);
    if (!count) return "\"\", because it has to wait";
    std::string text;
    for (int i = 0; i < count; i++) text += (i ? ", \"" : "\"") + choice_text(choices[i]) + '"';
    return text;
}

void append_u32(std::string& out, std::size_t value) {
    for (int i = 0; i < 4; i++) out += static_cast<char>(value >> (8 * i));
}

void append_text(std::string& out, const std::string& text) {
    append_u32(out, text.size());
    out += text;
}

class Reader {
  public:
    explicit Reader(std::string_view bytes) : left_(bytes) {}

    std::string_view take(std::size_t size) {
        if (size > left_.size()) throw std::invalid_argument("not a saved battle: the bytes end too early");
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }
    std::uint32_t u32() {
        std::uint32_t value;
        std::memcpy(&value, take(4).data(), 4);
        return value;
    }
    std::string name() {
        const std::uint32_t size = u32();
        if (size > kLongestName) throw std::invalid_argument("not a saved battle: a name of " + std::to_string(size) + " bytes");
        return std::string(take(size));
    }
    void finish() const {
        if (!left_.empty()) throw std::invalid_argument("not a saved battle: bytes follow its end");
    }

  private:
    std::string_view left_;
};

}  // namespace

std::string choice_text(Choice choice) {
    if (choice == kPass) return "";
    return is_switch(choice) ? "switch " + std::to_string(switch_position(choice) + 1) : "move " + std::to_string(choice);
}

Choice read_choice(const Battle& battle, int side, std::string_view text) {
    for (Choice choice = kPass; choice <= kMaxChoices; choice++) {
        if (is_legal(battle, side, choice) && choice_text(choice) == text) return choice;
    }
    const std::string head = battle.ended() ? "the battle has ended; " : "";
    throw std::invalid_argument(head + "p" + std::to_string(side + 1) + " cannot choose \"" + std::string(text.substr(0, 40)) +
                                "\"; its choices: " + legal_choices(battle, side));
}

Session::Session(const Setup& setup, Names names, std::uint64_t seed)
    : battle_(set_up(setup, seed)), names_(std::make_shared<Names>(std::move(names))), log_(std::make_shared<std::string>()) {
    LogWriter writer(*names_, *log_, hints_);
    writer.begin();
    start(battle_, writer);
}

std::vector<std::string> Session::choices(int side) const {
    Choice choices[kMaxChoices];
    const int count = list_choices(battle_, side, choices);
    std::vector<std::string> texts;
    for (int i = 0; i < count; i++) texts.push_back(choice_text(choices[i]));
    return texts;
}

void Session::choose(std::string_view first, std::string_view second) {
    if (battle_.ended()) throw std::invalid_argument("the battle has ended");
    const Choice choices[2] = {read_choice(battle_, 0, first), read_choice(battle_, 1, second)};
    LogWriter writer(*names_, writable_log(), hints_);
    step(battle_, choices[0], choices[1], writer);
}

std::string Session::request(int side) const { return request_json(battle_, side, *names_); }

Session Session::with(const Battle& battle) const {
    Session other = *this;
    other.battle_ = battle;
    return other;
}

std::string& Session::writable_log() {
    if (log_.use_count() > 1) log_ = std::make_shared<std::string>(*log_);
    return *log_;
}

std::string Session::to_bytes() const {
    std::string out(kMagic);
    out += kVersion;
    out.append(reinterpret_cast<const char*>(&battle_), sizeof battle_);
    append_u32(out, hints_);
    for (const std::string& name : names_->players) append_text(out, name);
    for (const auto& party : names_->pokemon)
        for (const std::string& name : party) append_text(out, name);
    append_text(out, *log_);
    return out;
}

Session Session::from_bytes(std::string_view bytes) {
    Reader reader(bytes);
    if (reader.take(kMagic.size()) != kMagic) throw std::invalid_argument("not a saved battle: it does not begin with \"PG1\"");
    const char version = reader.take(1)[0];
    if (version != kVersion) throw std::invalid_argument("a saved battle of version " + std::to_string(version) + "; expected " + std::to_string(kVersion));
    Session session;
    std::memcpy(static_cast<void*>(&session.battle_), reader.take(sizeof(Battle)).data(), sizeof(Battle));
    session.hints_ = reader.u32();
    Names names;
    for (std::string& name : names.players) name = reader.name();
    for (auto& party : names.pokemon)
        for (std::string& name : party) name = reader.name();
    session.names_ = std::make_shared<Names>(std::move(names));
    session.log_ = std::make_shared<std::string>(reader.take(reader.u32()));
    reader.finish();
    if (const std::string problem = impossibility(session.battle_); !problem.empty()) throw std::invalid_argument("an impossible battle: " + problem);
    return session;
}

}  // namespace gen1
