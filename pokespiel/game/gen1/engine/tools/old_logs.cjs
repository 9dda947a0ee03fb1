// Battles as an old Showdown server tells them to its players, for tests/data/gen1_old_logs.xz.
//
//     npm pack pokemon-showdown@0.11.4 && tar xzf pokemon-showdown-0.11.4.tgz
//     node old_logs.cjs package 5 < packed_teams.txt | xz > gen1_old_logs.xz
//
// Versions 0.11.3 to 0.11.7 (2020 to 2022) send each request before the lines that lead to it. One battle a line: what
// each player is sent, in order ("p1", "p2"), and at each of its decisions what is true of both on the field ("truth").
"use strict";
const fs = require("fs");
const path = require("path");

const folder = path.resolve(process.argv[2]);
const built = ["dist/sim", ".sim-dist"].map((name) => path.join(folder, name)).find(fs.existsSync);
const { BattleStream, getPlayerStreams } = require(path.join(built, "battle-stream"));
const teams = fs.readFileSync(0, "utf8").trim().split("\n");
const version = require(path.join(folder, "package.json")).version;
const VOLATILES = ["confusion", "disable", "focusenergy", "leechseed", "lightscreen", "reflect", "substitute"];

function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

function onField(side) {
  const active = side.active[0];
  if (!active || !active.hp) return null;
  const { hp, maxhp, status, boosts, volatiles, modifiedStats } = active;
  return {
    hp,
    max_hp: maxhp,
    status,
    boosts: ["atk", "def", "spe", "spa", "accuracy", "evasion"].map((stat) => boosts[stat]),
    stats: ["atk", "def", "spe", "spa"].map((stat) => modifiedStats[stat]),
    volatiles: VOLATILES.filter((name) => name in volatiles),
  };
}

// A random choice: a switch in three of ten where one is possible.
function choice(request, random) {
  const party = request.side.pokemon;
  const bench = party.map((_, i) => i + 1).filter((i) => i > 1 && !party[i - 1].condition.endsWith(" fnt"));
  const [active] = request.active || [];
  if (!active || (bench.length && !active.trapped && random(10) < 3)) return `switch ${bench[random(bench.length)]}`;
  const moves = active.moves.map((move, i) => (move.disabled ? 0 : i + 1)).filter(Boolean);
  return `move ${moves[random(moves.length)]}`;
}

async function play(seed) {
  const random = generator(seed);
  const stream = new BattleStream();
  const players = getPlayerStreams(stream);
  const told = { version, p1: [], p2: [], truth: { p1: [], p2: [] } };
  const follow = async (id) => {
    for (let chunk; (chunk = await players[id].read()); ) {
      told[id].push(chunk);
      const request = chunk.startsWith("|request|") && JSON.parse(chunk.slice(9));
      if (!request || request.wait) continue;
      told.truth[id].push(stream.battle.sides.map(onField).map((one) => one && JSON.parse(JSON.stringify(one))));
      setTimeout(() => players[id].write(choice(request, random)), 0);
    }
  };
  const sides = ["A", "B"].map((name) => JSON.stringify({ name, team: teams[random(teams.length)] }));
  const start = JSON.stringify({ formatid: "gen1ou", seed: [seed, 2, 3, 4] });
  const ended = Promise.all([follow("p1"), follow("p2")]);
  await players.omniscient.write(`>start ${start}\n>player p1 ${sides[0]}\n>player p2 ${sides[1]}`);
  while (!stream.battle || !stream.battle.ended) await new Promise((done) => setTimeout(done, 20));
  await Promise.race([ended, new Promise((done) => setTimeout(done, 200))]);
  return told;
}

(async () => {
  for (let seed = 1; seed <= Number(process.argv[3]); seed++) console.log(JSON.stringify(await play(seed)));
  process.exit(0);
})();
