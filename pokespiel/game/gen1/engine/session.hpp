// One battle with what the rules do not need: names, log and bytes. Python's battle object.
//
// All input from outside is checked here: choices as text, battles as bytes. Invalid input throws std::invalid_argument
// and changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "choices.hpp"
#include "enumerate.hpp"
#include "knowledge.hpp"
#include "names.hpp"
#include "setup.hpp"

namespace gen1 {

// "move 1", "switch 3"; "" for a side that waits.
std::string choice_text(Choice choice);

// The legal choice that the text means. Throws, naming the legal ones.
Choice read_choice(const Battle& battle, int side, std::string_view text);

class Session {
  public:
    Session(const Setup& setup, Names names, std::uint64_t seed);

    std::vector<std::string> choices(int side) const;
    void choose(std::string_view first, std::string_view second);

    const Battle& battle() const { return battle_; }
    const Names& names() const { return *names_; }
    const Knowledge& knowledge(int side) const { return knowledge_[side]; }
    const std::string& log() const { return *log_; }  // each line ends with a line break
    std::string request(int side) const;

    // The turn as a chance node (enumerate.hpp). Outcomes keep this session's log and knowledge.
    std::vector<Distinct> outcomes(std::string_view first, std::string_view second) const;
    Session with(const Battle& battle) const;

    // The turn with the first rolls given; a complete one is played, including log and knowledge.
    Partial follow(std::string_view first, std::string_view second, const std::vector<std::uint32_t>& prefix);

    // The turn with exactly these rolls.
    void choose_scripted(std::string_view first, std::string_view second, std::vector<Script::Entry> rolls);

    // Versioned, little endian: see session.cpp.
    std::string to_bytes() const;
    static Session from_bytes(std::string_view bytes);

  private:
    struct Choices {
        Choice first, second;
    };

    Session() = default;
    Choices read_choices(std::string_view first, std::string_view second) const;
    template <class Play>
    void record(Play play);

    Battle battle_{};
    Knowledge knowledge_[2]{};
    std::shared_ptr<const Names> names_;
    std::shared_ptr<const std::string> log_;
    std::uint32_t hints_ = 0;  // which once-per-battle hints have been given (log.hpp)
};

}  // namespace gen1
