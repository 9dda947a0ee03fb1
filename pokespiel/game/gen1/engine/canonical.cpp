#include "canonical.hpp"

namespace gen1 {
namespace {

constexpr int kSideBytes = 197;
constexpr int kPokemonBytes = 19;

class Writer {
  public:
    explicit Writer(std::uint8_t* at) : at_(at) {}

    void u8(std::uint8_t value) { *at_++ = value; }
    void u16(std::uint16_t value) { little_endian(value, 2); }
    void u32(std::uint32_t value) { little_endian(value, 4); }
    void skip(int bytes) { at_ += bytes; }

  private:
    void little_endian(std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; i++) *at_++ = static_cast<std::uint8_t>(value >> (8 * i));
    }

    std::uint8_t* at_;
};

// Showdown's "nomove" and "cannotmove" have the numbers 200 and 201 there.
std::uint8_t move_code(std::uint8_t move) {
    if (move == kNothingSelected) return 200;
    if (move == kCannotMove) return 201;
    return move;
}

void write_member(Writer out, const Battle& battle, const Side& side, int place) {
    if (place >= side.size) return;
    const Pokemon& pokemon = side.team[side.order[place]];
    out.u8(side.order[place] + 1);
    out.u8(pokemon.species);
    out.u8(pokemon.level);
    if (battle.ended() || !pokemon.hp) {
        out.skip(4);
    } else {
        const bool asleep = pokemon.status == Status::Sleep;
        out.u8(static_cast<std::uint8_t>(pokemon.status));
        out.u8(asleep ? pokemon.sleep : 0);
        out.u8(asleep && pokemon.flags & Pokemon::kRested);
        out.u8((pokemon.flags & Pokemon::kSubstituteBroke) != 0);
    }
    out.u16(pokemon.hp);
    out.u16(pokemon.max_hp);
    if (battle.ended() || !pokemon.hp) return;
    for (int i = 0; i < kMoveSlots; i++) {
        out.u8(pokemon.moves[i]);
        out.u8(pokemon.pp[i]);
    }
}

std::uint8_t flags(const Active& active) {
    constexpr std::uint32_t kBits[] = {Active::kReflect, Active::kLightScreen, Active::kMist, Active::kFocusEnergy,
                                       Active::kSeeded, Active::kRecharging, Active::kToxicCounter, Active::kInvulnerable};
    std::uint8_t bits = 0;
    for (int i = 0; i < 8; i++) bits |= active.has(kBits[i]) << i;
    return bits;
}

void write_volatiles(Writer& out, const Active& active, bool foe_stands) {
    out.u8(flags(active));
    out.u8(active.has(Active::kFlinched));
    out.u32(active.bide_damage);
    out.u8(active.bide_time);
    out.u8(active.has(Active::kDisabled) ? active.disable_slot + 1 : 0);
    out.u8(active.disable_move);
    out.u8(active.disable_time);
    out.u8(active.thrash_move);
    out.u8(active.thrash_time);
    out.u8(active.thrash_accuracy);
    out.u8(active.has(Active::kRage));
    out.u8(active.rage_accuracy);
    out.u8(active.two_turn_move);
    out.u8(active.trap_move);
    out.u8(active.trap_total);
    out.u8(active.trap_duration);
    out.u32(active.trap_damage);
    out.u8(active.has(Active::kTrapping) && !active.has(Active::kTrapStale) && foe_stands);
    out.u8(active.trapped_duration);
    out.u8(active.has(Active::kTrapped) && foe_stands);
    out.u8(active.has(Active::kTrappedLong));
    out.u8(active.fake_duration);
    out.u8(active.has(Active::kFakeTrapped) && foe_stands);
    out.u8(active.confusion);
    out.u16(active.substitute);
    out.u16(active.toxic);
}

void write_active(Writer out, const Active& active, bool foe_stands) {
    out.u8(active.species);
    for (const Type type : active.types) out.u8(static_cast<std::uint8_t>(type));
    out.u8(active.has(Active::kTransformed));
    for (const std::uint16_t stat : active.stored) out.u16(stat);
    for (const std::uint16_t stat : active.modified) out.u16(stat);
    out.u16(active.speed);
    for (const std::int8_t boost : active.boosts) out.u8(static_cast<std::uint8_t>(boost));
    for (int i = 0; i < kMoveSlots; i++) {
        out.u8(active.moves[i]);
        out.u8(active.pp[i]);
        out.u8(active.has(Active::kVirtual << i));
    }
    out.u8(active.last_move);
    write_volatiles(out, active, foe_stands);
}

void write_side(std::uint8_t* at, const Battle& battle, int index) {
    const Side& side = battle.sides[index];
    Writer out(at);
    if (battle.ended()) {
        out.skip(6);
    } else {
        out.u8(move_code(side.last_selected));
        out.u8(side.last_selected_slot);
        out.u8(move_code(side.last_selected_enemy));
        out.u8(move_code(side.last_move));
        out.u8(move_code(side.last_move_enemy));
        out.u8(side.fainted_this_turn);
    }
    out.u8(side.left);
    out.u8(side.size);
    for (int place = 0; place < kTeamSize; place++) {
        write_member(out, battle, side, place);
        out.skip(kPokemonBytes);
    }
    const bool foe_stands = battle.sides[1 - index].pokemon().hp > 0;
    if (!battle.ended() && side.pokemon().hp) write_active(out, side.active, foe_stands);
}

}  // namespace

std::array<std::uint8_t, kCanonicalSize> canonical(const Battle& battle) {
    std::array<std::uint8_t, kCanonicalSize> bytes{};
    Writer out(bytes.data());
    out.u16(battle.turn);
    for (const Request request : battle.requests) out.u8(static_cast<std::uint8_t>(request));
    out.u8(static_cast<std::uint8_t>(battle.result));
    out.u8(0);
    out.u32(battle.ended() ? 0 : battle.last_damage);
    for (int side = 0; side < 2; side++) write_side(bytes.data() + 10 + side * kSideBytes, battle, side);
    return bytes;
}

}  // namespace gen1
