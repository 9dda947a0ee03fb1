// The canonical bytes of a battle, by which it is compared with Showdown's (layout: ../oracle/state.cjs).
#pragma once

#include <array>
#include <cstdint>

#include "state.hpp"

namespace gen1 {

inline constexpr int kCanonicalSize = 404;

std::array<std::uint8_t, kCanonicalSize> canonical(const Battle& battle);

}  // namespace gen1
