// Writes the engine's data tables from an installed pokemon-showdown 0.11.11.
//
//   node generate_tables.mjs PACKAGE_FOLDER OUTPUT_FOLDER
//
// PACKAGE_FOLDER holds the package (its dist/ folder), OUTPUT_FOLDER receives tables_data.hpp (included by tables.hpp)
// and dex.json (the same facts for Python). The output depends on the package alone, so a test compares it byte by byte.

import {createRequire} from 'node:module';
import {writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';

const VERSION = '0.11.11';
const TYPES = ['Normal', 'Fighting', 'Flying', 'Poison', 'Ground', 'Rock', 'Bug', 'Ghost', 'Fire', 'Water', 'Grass',
  'Electric', 'Psychic', 'Ice', 'Dragon'];
const STATS = ['atk', 'def', 'spe', 'spa', 'accuracy', 'evasion'];
const STAT_NAMES = ['Attack', 'Defense', 'Speed', 'Special', 'Accuracy', 'Evasion'];
const STATUS_EFFECTS = {slp: 'Sleep', psn: 'Poison', tox: 'Toxic', par: 'Paralyze'};
const VOLATILE_EFFECTS = {confusion: 'Confuse', disable: 'Disable', leechseed: 'LeechSeed', mist: 'Mist',
  focusenergy: 'FocusEnergy', bide: 'Bide', lightscreen: 'LightScreen', reflect: 'Reflect', substitute: 'Substitute',
  partiallytrapped: 'Trap'};
const SELF_EFFECTS = {lockedmove: 'Thrash', mustrecharge: 'HyperBeam', rage: 'Rage', partialtrappinglock: 'Trap'};
const NAMED_EFFECTS = {conversion: 'Conversion', haze: 'Haze', recover: 'Recover', softboiled: 'Recover', rest: 'Rest',
  metronome: 'Metronome', mirrormove: 'MirrorMove', mimic: 'Mimic', transform: 'Transform', splash: 'Splash',
  teleport: 'Teleport', payday: 'PayDay', jumpkick: 'JumpKick', highjumpkick: 'JumpKick', counter: 'Counter',
  psywave: 'Psywave', superfang: 'SuperFang', dreameater: 'DreamEater', dig: 'Fly', fly: 'Fly'};
const TWO_TURN = new Set(['dig', 'fly', 'razorwind', 'skullbash', 'skyattack', 'solarbeam']);
// The moves that leave Battle#lastDamage as it is (SKIP_LASTDAMAGE in the package's Gen 1 scripts, not exported there).
const KEEPS_LAST_DAMAGE = new Set(['confuseray', 'conversion', 'counter', 'focusenergy', 'glare', 'haze', 'leechseed',
  'lightscreen', 'mimic', 'mist', 'poisongas', 'poisonpowder', 'recover', 'reflect', 'rest', 'softboiled', 'splash',
  'stunspore', 'substitute', 'supersonic', 'teleport', 'thunderwave', 'toxic', 'transform']);

function fail(message) {
  throw new Error(message);
}

function onlyStat(boosts, id) {
  const entries = Object.entries(boosts).filter(([stat]) => stat !== 'spd');
  if (entries.length !== 1) fail(`${id} boosts ${entries.length} stats; expected one`);
  return {stat: STATS.indexOf(entries[0][0]), amount: entries[0][1]};
}

/** The one effect that decides which code runs for a move, with its parameter. */
function effectOf(move) {
  if (NAMED_EFFECTS[move.id]) return [NAMED_EFFECTS[move.id], 0];
  if (TWO_TURN.has(move.id)) return ['TwoTurn', 0];
  if (move.ohko) return ['Ohko', 0];
  if (move.selfdestruct) return ['Explode', 0];
  if (move.damage === 'level') return ['LevelDamage', 0];
  if (typeof move.damage === 'number') return ['FixedDamage', move.damage];
  if (Array.isArray(move.multihit)) return ['MultiHit', 0];
  if (move.multihit) return ['DoubleHit', 0];
  if (move.drain) return ['Drain', 0];
  if (move.recoil) return ['Recoil', move.recoil[1] / move.recoil[0]];
  if (move.self?.volatileStatus) return [SELF_EFFECTS[move.self.volatileStatus] ?? fail(move.id), 0];
  if (move.boosts) return ['Boost', onlyStat(move.boosts, move.id).amount];
  if (move.status) return [STATUS_EFFECTS[move.status] ?? fail(move.id), 0];
  if (move.volatileStatus) return [VOLATILE_EFFECTS[move.volatileStatus] ?? fail(move.id), 0];
  return ['None', 0];
}

/** The secondary effect: [kind, chance out of 256, stat]. */
function secondaryOf(move) {
  const list = move.secondaries ?? [];
  if (!list.length) return ['None', 0, 0];
  if (list.length > 1) fail(`${move.id} has ${list.length} secondary effects`);
  const {chance, status, volatileStatus, boosts} = list[0];
  const base = Math.ceil(chance * 256 / 100);
  if (volatileStatus === 'confusion') return ['Confusion', base - 1, 0];
  if (volatileStatus === 'flinch') return ['Flinch', base, 0];
  if (status) return [{brn: 'Burn', frz: 'Freeze', par: 'Paralyze', psn: 'Poison'}[status], base, 0];
  const {stat, amount} = onlyStat(boosts, move.id);
  if (amount !== -1) fail(`${move.id} changes a stat by ${amount}`);
  return ['Lower', base, stat];
}

function readMove(move) {
  const [effect, parameter] = effectOf(move);
  const [secondary, chance, secondaryStat] = secondaryOf(move);
  const boosted = move.boosts ? onlyStat(move.boosts, move.id).stat : secondaryStat;
  return {
    num: move.num, id: move.id, name: move.name, type: move.type, category: move.category, power: move.basePower,
    accuracy: move.accuracy === true ? null : move.accuracy, pp: move.pp,
    maxpp: move.noPPBoosts ? move.pp : move.pp * 8 / 5 - (move.pp === 40 ? 3 : 0),
    priority: move.priority, target: move.target, effect, parameter, stat: STATS[boosted], secondary, chance,
    high_critical: move.critRatio === 2, ignores_immunity: move.ignoreImmunity ?? move.category === 'Status',
    keeps_last_damage: KEEPS_LAST_DAMAGE.has(move.id), two_turn: TWO_TURN.has(move.id),
    metronome: Boolean(move.flags.metronome),
  };
}

function readSpecies(species) {
  const {hp, atk, def, spa, spd, spe} = species.baseStats;
  if (spa !== spd) fail(`${species.id} has two Special stats`);
  return {num: species.num, id: species.id, name: species.name, types: species.types,
    base: {hp, atk, def, spe, spc: spa}};
}

/** Ten times the factor of an attacking type against a defending one: 0, 5, 10 or 20. */
function factor(dex, attack, defend) {
  return {0: 10, 1: 20, 2: 5, 3: 0}[dex.types.get(defend).damageTaken[attack] ?? 0];
}

const typeName = (type) => type === '???' ? 'Type::Unknown' : `Type::${type}`;
const bool = (value) => value ? 'true' : 'false';

function moveRow(move) {
  const fields = [move.num, typeName(move.type), `Category::${move.category}`, move.power,
    move.accuracy === null ? 0 : Math.floor(move.accuracy * 255 / 100), move.pp, move.maxpp, move.priority,
    bool(move.target === 'self'), `Effect::${move.effect}`, move.parameter, `Secondary::${move.secondary}`, move.chance,
    `Stat::${STAT_NAMES[STATS.indexOf(move.stat)]}`, bool(move.high_critical), bool(move.ignores_immunity),
    bool(move.keeps_last_damage), bool(move.two_turn), bool(move.metronome)];
  return `    {${fields.join(', ')}},  // ${move.name}`;
}

function speciesRow(species) {
  const {hp, atk, def, spe, spc} = species.base;
  const [first, second = first] = species.types;
  return `    {${hp}, ${atk}, ${def}, ${spe}, ${spc}, {${typeName(first)}, ${typeName(second)}}},  // ${species.name}`;
}

const namesRow = (entries) => entries.map(({id, name, target}) =>
  `    {"${id}", "${name}"${target ? `, "${target}"` : ''}},`);

function header(dex) {
  const chart = TYPES.map((attack) => `    {${[...TYPES.map((defend) => factor(dex, attack, defend)), 10].join(', ')}},` +
    `  // ${attack}`);
  const unknown = `    {${Array(TYPES.length + 1).fill(10).join(', ')}},  // ???`;
  return [`// Generated by tools/generate_tables.mjs from pokemon-showdown ${VERSION}; do not edit.`, '#pragma once', '',
    'inline constexpr MoveData kMoves[] = {',
    '    {0, Type::Unknown, Category::Status, 0, 0, 0, 0, 0, false, Effect::None, 0, Secondary::None, 0, Stat::Attack, ' +
      'false, true, false, false, false},  // no move',
    ...moves.map(moveRow), '};', '',
    'inline constexpr SpeciesData kSpecies[] = {',
    '    {0, 0, 0, 0, 0, {Type::Unknown, Type::Unknown}},  // no species', ...species.map(speciesRow), '};', '',
    '// kTypeChart[attacking][defending]: ten times the factor.',
    'inline constexpr std::uint8_t kTypeChart[16][16] = {', ...chart, unknown, '};', '',
    '// The moves that Metronome draws from, by number.',
    `inline constexpr std::uint8_t kMetronomeMoves[] = {${moves.filter((m) => m.metronome).map((m) => m.num).join(', ')}};`,
    '', 'inline constexpr MoveName kMoveNames[] = {', '    {"", "", ""},', ...namesRow(moves), '};', '',
    'inline constexpr SpeciesName kSpeciesNames[] = {', '    {"", ""},',
    ...namesRow(species.map(({id, name}) => ({id, name}))), '};', ''].join('\n');
}

if (process.argv.length !== 4) fail('usage: node generate_tables.mjs PACKAGE_FOLDER OUTPUT_FOLDER');
const [packageFolder, outputFolder] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(packageFolder, 'package.json'));
const found = require('./package.json').version;
if (found !== VERSION) fail(`expected pokemon-showdown ${VERSION}, found ${found}`);
const {Dex} = require('./dist/sim');
const dex = Dex.mod('gen1');
const inGame = (entry, last) => entry.gen === 1 && entry.num >= 1 && entry.num <= last;
const byNumber = (a, b) => a.num - b.num;
const moves = dex.moves.all().filter((move) => inGame(move, 165)).sort(byNumber).map(readMove);
const species = dex.species.all().filter((one) => inGame(one, 151) && one.name === one.baseSpecies).sort(byNumber)
  .map(readSpecies);
if (moves.length !== 165 || species.length !== 151) fail(`found ${moves.length} moves and ${species.length} species`);

writeFileSync(join(outputFolder, 'tables_data.hpp'), header(dex));
const chart = Object.fromEntries(TYPES.map((attack) =>
  [attack, Object.fromEntries(TYPES.map((defend) => [defend, factor(dex, attack, defend) / 10]))]));
const line = (entries) => entries.map((entry) => '  ' + JSON.stringify(entry)).join(',\n');
writeFileSync(join(outputFolder, 'dex.json'), `{"showdown": "${VERSION}",\n"type_chart": ${JSON.stringify(chart)},\n` +
  `"species": [\n${line(species)}\n],\n"moves": [\n${line(moves)}\n]}\n`);
