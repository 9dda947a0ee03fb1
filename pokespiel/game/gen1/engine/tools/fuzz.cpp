// Coverage-guided fuzzing (libFuzzer) of everything that takes bytes or text from outside: saved battles, choices, and the
// protocol lines of a server. Bad input must be refused with std::invalid_argument; what is accepted must play on.
//
//     make -C pokespiel/game/gen1/engine/tools fuzz SECONDS=600
//
// Input: a first byte 0: the rest is a saved battle. 255: the rest is protocol lines. Else: the rest is choices in a random
// battle of that number, each a byte: a legal choice by index, or, from 240 up, the text of the byte - 240 bytes after it.
#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "../protocol.hpp"
#include "random_play.hpp"

namespace {

using namespace gen1;
using namespace gen1::tools;

void fuzz_saved(std::string_view bytes) {
    Session session = Session::from_bytes(bytes);
    check(session);
    Random random(bytes.size());
    play(session, 30, random);
    if (!session.battle().ended()) session.follow(random_choice(session, 0, random), random_choice(session, 1, random), {});
}

std::string next_choice(const Session& session, int side, std::string_view& bytes) {
    if (bytes.empty()) return "";
    const auto code = static_cast<std::uint8_t>(bytes[0]);
    bytes.remove_prefix(1);
    if (code >= 240) {
        const std::string text(bytes.substr(0, code - 240u));
        bytes.remove_prefix(text.size());
        return text;
    }
    const auto choices = session.choices(side);
    return choices.empty() ? "" : choices[code % choices.size()];
}

void fuzz_choices(std::uint64_t number, std::string_view bytes) {
    Random random(number);
    Session session = random_session(random);
    while (!bytes.empty() && !session.battle().ended()) {
        const std::string before = session.to_bytes();
        const std::string first = next_choice(session, 0, bytes), second = next_choice(session, 1, bytes);
        try {
            session.choose(first, second);
        } catch (const std::invalid_argument&) {
            must(session.to_bytes() == before, "a refused choice changes nothing");
        }
    }
    check(session);
}

void fuzz_lines(std::string_view bytes) {
    Tracker tracker;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        try {
            tracker.line(bytes.substr(0, end));
        } catch (const std::invalid_argument&) {  // refused, the tracker as before
        }
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
        float features[kFeatures];
        if (tracker.ready()) tracker.features(features);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (!size) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        if (data[0] == 0)
            fuzz_saved(rest);
        else if (data[0] == 255)
            fuzz_lines(rest);
        else
            fuzz_choices(data[0], rest);
    } catch (const std::invalid_argument&) {  // refused
    }
    return 0;
}
