// Showdown's words to the engine's numbers.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <unordered_map>

#include "state.hpp"

namespace gen1 {

// Showdown's id of a name: lower case letters and digits.
inline std::string to_id(std::string_view name) {
    std::string id;
    for (const char c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 128)
            id += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return id;
}

// The number of a move or species by name or id; 0 where there is none.
inline std::uint8_t find_move(std::string_view name) {
    static const auto numbers = [] {
        std::unordered_map<std::string, std::uint8_t> map;
        for (int move = 1; move <= kMoveCount; move++) map[kMoveNames[move].id] = static_cast<std::uint8_t>(move);
        return map;
    }();
    const auto found = numbers.find(to_id(name));
    return found == numbers.end() ? std::uint8_t{0} : found->second;
}

inline std::uint8_t find_species(std::string_view name) {
    static const auto numbers = [] {
        std::unordered_map<std::string, std::uint8_t> map;
        for (int species = 1; species <= kSpeciesCount; species++)
            map[kSpeciesNames[species].id] = static_cast<std::uint8_t>(species);
        return map;
    }();
    const auto found = numbers.find(to_id(name));
    return found == numbers.end() ? std::uint8_t{0} : found->second;
}

// -1: no status of that name.
inline int find_status(std::string_view id) {
    static constexpr std::string_view kIds[] = {"", "slp", "psn", "brn", "frz", "par", "tox"};
    for (int status = 0; status < 7; status++)
        if (kIds[status] == id) return status;
    return -1;
}

// -1: no type of that name.
inline int find_type(std::string_view name) {
    static constexpr std::string_view kNames[] = {"Normal", "Fighting", "Flying", "Poison", "Ground", "Rock", "Bug", "Ghost",
                                                  "Fire", "Water", "Grass", "Electric", "Psychic", "Ice", "Dragon", "???"};
    for (int type = 0; type < 16; type++)
        if (kNames[type] == name) return type;
    return -1;
}

}  // namespace gen1
