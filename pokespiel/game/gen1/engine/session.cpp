#include "session.hpp"

#include <bit>
#include <stdexcept>

#include "log.hpp"
#include "observer.hpp"
#include "request.hpp"
#include "validate.hpp"

// The bytes of a session:
//   "PG1\n"  4 | version 1 | state, as in memory 520 | what each player knows, as in memory | hints u32
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
    template <class T>
    void copy_to(T& value) {
        std::memcpy(static_cast<void*>(&value), take(sizeof value).data(), sizeof value);
    }
    std::uint32_t u32() {
        std::uint32_t value;
        copy_to(value);
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

void require_possible(const std::string& problem) {
    if (!problem.empty()) throw std::invalid_argument("an impossible battle: " + problem);
}

// Passes events to the log and to both players' knowledge.
struct Recorder {
    LogWriter log;
    Observer observer;

    template <class Event>
    void on(const Event& event, const Battle& battle) {
        log.on(event, battle);
        observer.on(event, battle);
    }
};

template <class T>
void append_memory(std::string& out, const T& value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

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
    know_parties(battle_, knowledge_);
    record([&](Recorder& recorder) {
        recorder.log.begin();
        Generator generator(battle_.seed);
        Rules<Generator, Recorder>(battle_, generator, recorder).start();
    });
}

// Play with a separate recorder and then keep what it wrote; if this throws, only the state has changed.
template <class Play>
void Session::record(Play play) {
    auto log = std::make_shared<std::string>(*log_);
    Recorder recorder{LogWriter(*names_, *log, hints_), Observer(knowledge_)};
    play(recorder);
    for (int side = 0; side < 2; side++) learn(knowledge_[side], ask_of(battle_, side));
    log_ = std::move(log);
}

std::vector<std::string> Session::choices(int side) const {
    Choice choices[kMaxChoices];
    const int count = list_choices(battle_, side, choices);
    std::vector<std::string> texts;
    for (int i = 0; i < count; i++) texts.push_back(choice_text(choices[i]));
    return texts;
}

Session::Choices Session::read_choices(std::string_view first, std::string_view second) const {
    if (battle_.ended()) throw std::invalid_argument("the battle has ended");
    return {read_choice(battle_, 0, first), read_choice(battle_, 1, second)};
}

void Session::choose(std::string_view first, std::string_view second) {
    const Choices choices = read_choices(first, second);
    record([&](Recorder& recorder) {
        Generator generator(battle_.seed);
        Rules<Generator, Recorder>(battle_, generator, recorder).step(choices.first, choices.second);
    });
}

std::vector<Distinct> Session::outcomes(std::string_view first, std::string_view second) const {
    const Choices choices = read_choices(first, second);
    return gen1::outcomes(battle_, choices.first, choices.second);
}

Session Session::with(const Battle& battle) const {
    Session other = *this;
    other.battle_ = battle;
    return other;
}

Partial Session::follow(std::string_view first, std::string_view second, const std::vector<std::uint32_t>& prefix) {
    const Choices choices = read_choices(first, second);
    Session played = *this;
    Partial partial;
    played.record([&](Recorder& recorder) {
        partial = gen1::follow(battle_, choices.first, choices.second, prefix, recorder);
        played.battle_ = partial.battle;
    });
    if (partial.complete) *this = std::move(played);
    return partial;
}

void Session::choose_scripted(std::string_view first, std::string_view second, std::vector<Script::Entry> rolls) {
    const Choices choices = read_choices(first, second);
    Session played = *this;
    played.record([&](Recorder& recorder) {
        played.battle_ = scripted(battle_, choices.first, choices.second, std::move(rolls), recorder);
    });
    *this = std::move(played);
}

std::string Session::request(int side) const { return request_json(battle_, side, *names_); }

std::string Session::to_bytes() const {
    std::string out(kMagic);
    out += kVersion;
    append_memory(out, battle_);
    append_memory(out, knowledge_);
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
    reader.copy_to(session.battle_);
    reader.copy_to(session.knowledge_);
    session.hints_ = reader.u32();
    Names names;
    for (std::string& name : names.players) name = reader.name();
    for (auto& party : names.pokemon)
        for (std::string& name : party) name = reader.name();
    session.names_ = std::make_shared<Names>(std::move(names));
    session.log_ = std::make_shared<std::string>(reader.take(reader.u32()));
    reader.finish();
    require_possible(impossibility(session.battle_));
    for (const Knowledge& knowledge : session.knowledge_) require_possible(impossibility(knowledge));
    return session;
}

}  // namespace gen1
