// The blocks of a row of features: names, meanings, scales and tables.
#include "view.hpp"

namespace gen1 {
namespace {

#define GEN1_NUMBER(name, scale, codes, meaning) Number{#name, scale, codes, meaning},
const std::vector<Number> kGlobalNumbers{GEN1_GLOBAL_NUMBERS(GEN1_NUMBER)};
const std::vector<Number> kPokemonNumbers{GEN1_POKEMON_NUMBERS(GEN1_NUMBER)};
const std::vector<Number> kKnownMoveNumbers{GEN1_KNOWN_MOVE_NUMBERS(GEN1_NUMBER)};
const std::vector<Number> kMoveNumbers{GEN1_MOVE_NUMBERS(GEN1_NUMBER)};
const std::vector<Number> kActiveNumbers{GEN1_ACTIVE_NUMBERS(GEN1_NUMBER)};
#undef GEN1_NUMBER

const std::vector<Table::Column> kTypeColumns{
    {"type_normal", "has this type"}, {"type_fighting", ""}, {"type_flying", ""}, {"type_poison", ""},
    {"type_ground", ""}, {"type_rock", ""}, {"type_bug", ""}, {"type_ghost", ""}, {"type_fire", ""}, {"type_water", ""},
    {"type_grass", ""}, {"type_electric", ""}, {"type_psychic", ""}, {"type_ice", ""}, {"type_dragon", ""}};

const std::vector<Table::Column> kStatusColumns{
    {"asleep", "status: sleep"}, {"poisoned", "status: poison"}, {"burned", "status: burn"}, {"frozen", "status: freeze"},
    {"paralyzed", "status: paralysis"}, {"badly_poisoned", "status: toxic poison"}};

Table type_table(int number) {
    constexpr int kPairs = 16 * 16;
    Table table{number, kTypeColumns, std::vector<float>(kPairs * columns::kTypeCount)};
    for (int pair = 0; pair < kPairs; pair++)
        for (const int type : {pair / 16, pair % 16})
            if (type < columns::kTypeCount) table.values[static_cast<std::size_t>(pair * columns::kTypeCount + type)] = 1;
    return table;
}

// A Pokemon that is not revealed has no types: the pair of Type::Unknown.
Table status_table(int number) {
    Table table{number, kStatusColumns, std::vector<float>((columns::kStatusCount + 1) * columns::kStatusCount)};
    for (int status = 1; status <= columns::kStatusCount; status++)
        table.values[static_cast<std::size_t>(status * columns::kStatusCount + status - 1)] = 1;
    return table;
}

// Properties of a move, in the order of kMovePropertyColumns.
struct Property {
    Table::Column column;
    double (*value)(const MoveData&);
};

template <Effect... effects>
double any(const MoveData& move) {
    return ((move.effect == effects) || ...);
}

template <Type type>
double of_type(const MoveData& move) {
    return move.type == type;
}

template <Category category>
double of_category(const MoveData& move) {
    return move.category == category;
}

// Stages: up for its user, down for its foe (weighted by the chance).
template <Stat stat>
double stages(const MoveData& move) {
    if (move.stat != stat) return 0;
    if (move.effect == Effect::Boost) return move.parameter / 2.0;
    return move.secondary == Secondary::Lower ? -move.chance / 256.0 / 2.0 : 0;
}

template <Effect effect, Secondary secondary>
double inflicts(const MoveData& move) {
    if (effect != Effect::None && move.effect == effect) return 1;
    return secondary != Secondary::None && move.secondary == secondary ? move.chance / 256.0 : 0;
}

const std::vector<Property> kProperties{
    {{"power", "base power / 200"}, [](const MoveData& move) { return move.power / 200.0; }},
    {{"accuracy", "accuracy out of 1; 1 where it never misses"},
     [](const MoveData& move) { return move.accuracy ? move.accuracy / 256.0 : 1.0; }},
    {{"priority", "priority"}, [](const MoveData& move) { return static_cast<double>(move.priority); }},
    {{"high_critical", "high rate of critical hits"}, [](const MoveData& move) { return move.high_critical ? 1.0 : 0.0; }},
    {{"physical", "category, by type: hits Defense"}, of_category<Category::Physical>},
    {{"special", "category, by type: hits Special"}, of_category<Category::Special>},
    {{"status_move", "category: no damage"}, of_category<Category::Status>},
    {{"type_normal", "type of the move"}, of_type<Type::Normal>},
    {{"type_fighting", ""}, of_type<Type::Fighting>},
    {{"type_flying", ""}, of_type<Type::Flying>},
    {{"type_poison", ""}, of_type<Type::Poison>},
    {{"type_ground", ""}, of_type<Type::Ground>},
    {{"type_rock", ""}, of_type<Type::Rock>},
    {{"type_bug", ""}, of_type<Type::Bug>},
    {{"type_ghost", ""}, of_type<Type::Ghost>},
    {{"type_fire", ""}, of_type<Type::Fire>},
    {{"type_water", ""}, of_type<Type::Water>},
    {{"type_grass", ""}, of_type<Type::Grass>},
    {{"type_electric", ""}, of_type<Type::Electric>},
    {{"type_psychic", ""}, of_type<Type::Psychic>},
    {{"type_ice", ""}, of_type<Type::Ice>},
    {{"type_dragon", ""}, of_type<Type::Dragon>},
    {{"attack_stages", "stages / 2 of Attack: positive for the user, negative for the foe times the chance"},
     stages<Stat::Attack>},
    {{"defense_stages", "likewise"}, stages<Stat::Defense>},
    {{"speed_stages", "likewise"}, stages<Stat::Speed>},
    {{"special_stages", "likewise"}, stages<Stat::Special>},
    {{"accuracy_stages", "likewise"}, stages<Stat::Accuracy>},
    {{"evasion_stages", "likewise"}, stages<Stat::Evasion>},
    {{"sleep", "chance on a hit to put to sleep"}, inflicts<Effect::Sleep, Secondary::None>},
    {{"poison", "chance on a hit to poison"}, inflicts<Effect::Poison, Secondary::Poison>},
    {{"toxic", "chance on a hit to poison badly"}, inflicts<Effect::Toxic, Secondary::None>},
    {{"paralyze", "chance on a hit to paralyze"}, inflicts<Effect::Paralyze, Secondary::Paralyze>},
    {{"burn", "chance on a hit to burn"}, inflicts<Effect::None, Secondary::Burn>},
    {{"freeze", "chance on a hit to freeze"}, inflicts<Effect::None, Secondary::Freeze>},
    {{"confuse", "chance on a hit to confuse"}, inflicts<Effect::Confuse, Secondary::Confusion>},
    {{"flinch", "chance on a hit to make flinch"}, inflicts<Effect::None, Secondary::Flinch>},
    {{"heals", "Recover, Soft-Boiled, Rest"}, any<Effect::Recover, Effect::Rest>},
    {{"rests", "Rest: sleeps for it"}, any<Effect::Rest>},
    {{"drains", "heals by the damage"}, any<Effect::Drain, Effect::DreamEater>},
    {{"recoils", "the user is hurt"}, any<Effect::Recoil, Effect::JumpKick>},
    {{"explodes", "the user faints"}, any<Effect::Explode>},
    {{"recharges", "Hyper Beam"}, any<Effect::HyperBeam>},
    {{"charges", "two turns"}, any<Effect::TwoTurn, Effect::Fly>},
    {{"traps", "Wrap and its kind"}, any<Effect::Trap>},
    {{"locks", "Thrash, Petal Dance, Rage, Bide"}, any<Effect::Thrash, Effect::Rage, Effect::Bide>},
    {{"repeats", "hits more than once"}, any<Effect::MultiHit, Effect::DoubleHit>},
    {{"fixed_damage", "damage without the formula"},
     any<Effect::LevelDamage, Effect::FixedDamage, Effect::SuperFang, Effect::Psywave, Effect::Ohko>},
    {{"counters", "Counter"}, any<Effect::Counter>},
    {{"screens", "Reflect, Light Screen, Mist"}, any<Effect::Reflect, Effect::LightScreen, Effect::Mist>},
    {{"substitutes", "Substitute"}, any<Effect::Substitute>},
    {{"seeds", "Leech Seed"}, any<Effect::LeechSeed>},
    {{"clears", "Haze"}, any<Effect::Haze>},
    {{"disables", "Disable"}, any<Effect::Disable>},
    {{"copies", "Metronome, Mirror Move, Mimic, Transform, Conversion"},
     any<Effect::Metronome, Effect::MirrorMove, Effect::Mimic, Effect::Transform, Effect::Conversion>},
};

Table property_table() {
    Table table{columns::move::move, {}, {}};
    for (const Property& property : kProperties) table.columns.push_back(property.column);
    for (int move = 0; move < kMoveCodes; move++)
        for (const Property& property : kProperties)
            table.values.push_back(0 < move && move <= kMoveCount ? static_cast<float>(property.value(kMoves[move])) : 0.0f);
    return table;
}

std::vector<Block> build() {
    const auto types = [](int number) { return type_table(number); };
    const std::vector<Table> of_pokemon{status_table(columns::pokemon::status), types(columns::pokemon::types)};
    const std::vector<Table> of_active{types(columns::active::types)};
    const std::vector<Table> of_move{property_table()};
    std::vector<Block> blocks{
        {"global", "global", nullptr, "the battle as a whole", 1, kGlobalNumbers, 0, {}, 0, 0, 0},
        {"own", "pokemon", nullptr, "the own party in its present order: row 0 is on the field, row i is \"switch i+1\"",
         kTeamSize, kPokemonNumbers, columns::pokemon::kKeys, of_pokemon, 0, 0, 0},
        {"foe", "pokemon", nullptr, "the foe's: row 0 is on the field, then the others in the order of their first appearance",
         kTeamSize, kPokemonNumbers, columns::pokemon::kKeys, of_pokemon, 0, 0, 0},
        {"own_moves", "known_move", "own", "four a Pokemon; of the one on the field what it can use now",
         columns::kKnownMoves, kKnownMoveNumbers, 0, {}, 0, 0, 0},
        {"foe_moves", "known_move", "foe", "four a Pokemon, in the order in which they were seen",
         columns::kKnownMoves, kKnownMoveNumbers, 0, {}, 0, 0, 0},
        {"moves", "move", nullptr, "row i is \"move i+1\" of the request, with its damage on the foe's on the field",
         kMoveSlots, kMoveNumbers, 0, of_move, 0, 0, 0},
        {"threats", "move", nullptr, "the known moves of the foe's on the field, with their damage on the own",
         kMoveSlots, kMoveNumbers, 0, of_move, 0, 0, 0},
        {"own_active", "active", nullptr, "what is particular to the own Pokemon on the field", 1, kActiveNumbers,
         columns::active::kKeys, of_active, 0, 0, 0},
        {"foe_active", "active", nullptr, "the same of the foe's", 1, kActiveNumbers, columns::active::kKeys, of_active, 0, 0, 0},
    };
    int start = 0, compact_start = 0;
    for (Block& block : blocks) {
        block.width = block.quantities();
        for (const Table& table : block.tables) block.width += static_cast<int>(table.columns.size());
        block.start = start;
        block.compact_start = compact_start;
        start += block.rows * block.width;
        compact_start += block.rows * static_cast<int>(block.numbers.size());
    }
    return blocks;
}

}  // namespace

const std::vector<Block>& view_blocks() {
    static const std::vector<Block> blocks = build();
    return blocks;
}

}  // namespace gen1
