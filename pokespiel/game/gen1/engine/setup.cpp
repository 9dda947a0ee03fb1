#include "setup.hpp"

#include <stdexcept>
#include <string>

namespace gen1 {
namespace {

void require(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_range(int value, int first, int last, const char* what) {
    require(value >= first && value <= last, std::string(what) + " must be " + std::to_string(first) + " to " +
                                                 std::to_string(last) + ", found " + std::to_string(value));
}

int base_stat(const SpeciesData& species, int index) {
    const std::uint8_t values[] = {species.hp, species.attack, species.defense, species.speed, species.special};
    return values[index];
}

void check(const PokemonSetup& setup) {
    require_range(setup.species, 1, kSpeciesCount, "a species");
    require_range(setup.level, 1, 100, "a level");
    require_range(static_cast<int>(setup.moves.size()), 1, kMoveSlots, "the number of moves");
    for (const std::uint8_t move : setup.moves) require_range(move, 1, kMoveCount, "a move");
    for (const int iv : setup.ivs) require_range(iv, 0, 31, "an IV");
    for (const int ev : setup.evs) require_range(ev, 0, 255, "an EV");
    require(setup.pp.empty() || setup.pp.size() == setup.moves.size(),
            "expected one PP a move: " + std::to_string(setup.moves.size()) + ", found " + std::to_string(setup.pp.size()));
    for (const int pp : setup.pp) require_range(pp, 0, 63, "PP");
    require_range(setup.hp, -1, stat_of(setup, 0), "HP");
    require_range(setup.sleep, setup.status == Status::Sleep, setup.status == Status::Sleep ? 7 : 0, "turns of sleep");
}

Pokemon make(const PokemonSetup& setup) {
    check(setup);
    Pokemon pokemon{};
    pokemon.species = setup.species;
    pokemon.level = static_cast<std::uint8_t>(setup.level);
    pokemon.max_hp = static_cast<std::uint16_t>(stat_of(setup, 0));
    pokemon.hp = setup.hp < 0 ? pokemon.max_hp : static_cast<std::uint16_t>(setup.hp);
    for (int i = 0; i < 4; ++i) pokemon.stats[i] = static_cast<std::uint16_t>(stat_of(setup, i + 1));
    for (std::size_t i = 0; i < setup.moves.size(); ++i) {
        pokemon.moves[i] = setup.moves[i];
        pokemon.pp[i] = setup.pp.empty() ? kMoves[setup.moves[i]].max_pp : static_cast<std::uint8_t>(setup.pp[i]);
    }
    if (pokemon.hp) {
        pokemon.status = setup.status;
        pokemon.sleep = static_cast<std::uint8_t>(setup.sleep);
    }
    pokemon.speed_gene = static_cast<std::uint8_t>((setup.ivs[3] & 30) + setup.evs[3] / 4);
    return pokemon;
}

}  // namespace

int stat_of(const PokemonSetup& pokemon, int index) {
    const int base = base_stat(kSpecies[pokemon.species], index);
    const int sum = 2 * base + (pokemon.ivs[index] & 30) + pokemon.evs[index] / 4;
    return index == 0 ? (sum + 100) * pokemon.level / 100 + 10 : sum * pokemon.level / 100 + 5;
}

Battle set_up(const Setup& setup, std::uint64_t seed) {
    Battle battle{};
    battle.seed = seed;
    require_range(setup.turn, 0, 1000, "the turn");
    battle.turn = static_cast<std::uint16_t>(setup.turn);
    for (int index = 0; index < 2; ++index) {
        Side& side = battle.sides[index];
        const auto& team = setup.teams[index];
        require_range(static_cast<int>(team.size()), 1, kTeamSize, "the size of a team");
        side.size = static_cast<std::uint8_t>(team.size());
        side.last_selected = side.last_selected_enemy = kNothingSelected;
        for (int i = 0; i < kTeamSize; ++i) side.order[i] = static_cast<std::uint8_t>(i);
        for (int i = 0; i < side.size; ++i) {
            side.team[i] = make(team[i]);
            side.left = static_cast<std::uint8_t>(side.left + (side.team[i].hp > 0));
        }
        require(side.team[0].hp > 0, "the first Pokemon of a team must not have fainted");
    }
    return battle;
}

}  // namespace gen1
