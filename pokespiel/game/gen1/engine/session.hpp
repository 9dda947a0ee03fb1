// One battle with what surrounds it outside the rules: names, log and bytes. What Python holds as a battle.
//
// Everything that comes from outside goes through here and is checked: choices as text, battles as bytes. What is wrong
// throws std::invalid_argument and changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "choices.hpp"
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
    const std::string& log() const { return *log_; }  // each line ends with a line break
    std::string request(int side) const;

    // The same surroundings with another state.
    Session with(const Battle& battle) const;

    // Versioned, little endian: see session.cpp.
    std::string to_bytes() const;
    static Session from_bytes(std::string_view bytes);

  private:
    Session() = default;
    std::string& writable_log();

    Battle battle_{};
    std::shared_ptr<const Names> names_;
    std::shared_ptr<std::string> log_;  // copied before it is written while others hold it
    std::uint32_t hints_ = 0;           // hints given once, already given
};

}  // namespace gen1
