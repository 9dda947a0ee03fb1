// Writes the facts behind gen1ou team validation from an installed pokemon-showdown package to standard output.
//
//   node legality.cjs PATH/TO/node_modules/pokemon-showdown > legality.json
//
// Only what Generation 1 can reach is kept: a move counts as learned at the lowest level (0 for machines and tutors) at
// which a Generation 1 source teaches it, and as an event move where a distribution may give it below that level.
// Combinations that no game allows, bans and clauses come from the format's own rule table. Names and base stats are not
// here but in ../../dex.json.
"use strict";
const path = require("path");

const place = path.resolve(process.argv[2] || "node_modules/pokemon-showdown");
const { Dex, TeamValidator } = require(place);
const { version } = require(path.join(place, "package.json"));
const validator = new TeamValidator("gen1ou");
const dex = validator.dex;
const rules = validator.ruleTable;

const inGen1 = (thing) => thing.exists && thing.gen === 1 && !thing.isNonstandard && !thing.forme;
const species = dex.species.all().filter(inGen1);
const moves = dex.moves.all().filter(inGen1);

function learned(learnset) {
  const levels = {};
  const events = {};
  for (const [move, sources] of Object.entries(learnset)) {
    for (const source of sources.filter((one) => one.startsWith("1"))) {
      if (source[1] === "S") (events[move] ||= []).push(parseInt(source.slice(2)));
      else if ("LMT".includes(source[1])) {
        const level = source[1] === "L" ? parseInt(source.slice(2)) : 0;
        levels[move] = Math.min(levels[move] ?? 100, level);
      } else throw new Error(`unknown source ${source} of ${move}`);
    }
  }
  for (const move of Object.keys(levels)) if (levels[move] === 0) delete events[move];
  return { levels, events };
}

function distribution(event) {
  const known = new Set(["generation", "level", "moves", "japan"]);
  for (const key of Object.keys(event)) if (!known.has(key)) throw new Error(`unknown event field ${key}`);
  return { level: event.level, moves: event.moves, japan: !!event.japan };
}

function entry(one) {
  const data = dex.species.getLearnsetData(one.id);
  const { levels, events } = learned(data.learnset);
  const met = (data.encounters || []).filter((where) => where.generation === 1 && where.level);
  const parent = dex.species.get(one.prevo);
  const result = {
    learns: sorted(levels),
  };
  if (inGen1(parent)) result.evolves_from = parent.id;
  if (one.prevo && one.evoLevel) result.evolves_at = one.evoLevel;
  if (met.length) result.met_at = Math.min(...met.map((where) => where.level));
  if (data.eventOnly) result.event_only = true;
  if (Object.keys(events).length) result.event_moves = sorted(events);
  const distributions = (data.eventData || []).map((event) => event.generation === 1 && distribution(event));
  if (distributions.some(Boolean)) {
    result.events = Object.fromEntries(distributions.map((event, i) => [i, event]).filter(([, event]) => event));
  }
  const formes = species_names().filter((name) => name !== one.name && dex.species.get(name).baseSpecies === one.name);
  if (formes.length) result.formes = formes;
  return result;
}

function species_names() {
  const names = dex.species.all().flatMap((one) => [one.name, ...(one.cosmeticFormes || [])]);
  return [...new Set(names)].filter((name) => dex.species.get(name).name === name).sort();
}

function aliases(table, wanted) {
  const found = {};
  for (const alias of Dex.loadAliases().keys()) {
    const thing = table.get(alias);
    if (wanted.includes(thing) && thing.id !== alias) found[alias] = thing.id;
  }
  return sorted(found);
}

function combinations() {
  const names = rules.complexBans.filter(([, , limit, parts]) => !limit && !parts.some((part) => part.startsWith("item:")));
  return names.map(([, , , parts]) => ({
    species: parts.find((part) => !part.startsWith("move:")).split(":")[1],
    moves: parts.filter((part) => part.startsWith("move:")).map((part) => part.slice(5)).sort(),
  }));
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function banned(prefix) {
  return [...rules.keys()].filter((rule) => rule.startsWith(prefix)).map((rule) => rule.slice(prefix.length)).sort();
}

function lines(object, depth = 1) {
  const pad = " ".repeat(depth);
  const rows = Object.entries(object).map(([key, value]) => `${pad}${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${rows.join(",\n")}\n${pad.slice(1)}}`;
}

const bans = banned("-move:").filter((id) => moves.some((move) => move.id === id));
const gen1_names = new Set(species.map((one) => one.name));
const formes = new Set(species.flatMap((one) => entry(one).formes || []));
const result = [
  ["source", JSON.stringify(`pokemon-showdown ${version}, gen1ou`)],
  ["team_size", JSON.stringify([rules.minTeamSize, rules.maxTeamSize])],
  ["level", JSON.stringify([rules.minLevel, rules.maxLevel])],
  ["max_moves", JSON.stringify(rules.maxMoveCount)],
  ["banned_species", JSON.stringify(species.filter((one) => rules.has(`-tag:${one.tier.toLowerCase()}`)).map((one) => one.id))],
  ["banned_moves", JSON.stringify(bans)],
  ["ohko_moves", JSON.stringify(rules.has("ohkoclause") ? moves.filter((move) => move.ohko).map((move) => move.id).sort() : [])],
  ["combinations", `[\n  ${combinations().map((one) => JSON.stringify(one)).join(",\n  ")}\n ]`],
  ["species", lines(Object.fromEntries(species.map((one) => [one.id, entry(one)])), 2)],
  ["species_aliases", JSON.stringify(aliases(dex.species, species))],
  ["move_aliases", JSON.stringify(aliases(dex.moves, moves))],
  ["other_species", JSON.stringify(species_names().filter((name) => !gen1_names.has(name) && !formes.has(name)))],
  ["other_moves", JSON.stringify(dex.moves.all().filter((move) => !moves.includes(move)).map((move) => move.name).sort())],
];
process.stdout.write(`{\n${result.map(([key, value]) => ` ${JSON.stringify(key)}: ${value}`).join(",\n")}\n}\n`);
