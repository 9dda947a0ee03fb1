// Shared by the checks of untrusted bytes.
#pragma once

#include <stdexcept>
#include <string>

namespace gen1::validation {

struct Impossible : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

inline void require(bool holds, const char* what) {
    if (!holds) throw Impossible(what);
}

inline bool between(int value, int low, int high) { return low <= value && value <= high; }

// The message of the first requirement that fails; empty if all hold.
template <class Check>
std::string first_problem(Check check) try {
    check();
    return "";
} catch (const Impossible& error) {
    return error.what();
}

}  // namespace gen1::validation
