'use strict';
/**
 * Plays random battles inside Pokemon Showdown for a given time; the counterpart of `_engine.play_out` in engine.py.
 *
 *   node engine_showdown.cjs PACKAGE SECONDS SEED < pairs.json       pairs: [[packed team, packed team], ...]
 *
 * Warms up for five seconds, then prints {battles, turns, seconds} of battles played to their end. All processor time.
 */

const [, , folder, seconds, seed] = process.argv;
const {Battle} = require(folder);
const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));

let state = Number(seed) * 2 + 1;
function below(n) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 4294967296 * n);
}

function choice(side) {
  const request = side.activeRequest;
  if (!request || request.wait) return '';
  const choices = [];
  const active = request.active?.[0];
  active?.moves.forEach((move, i) => {
    if (!move.disabled) choices.push(`move ${i + 1}`);
  });
  if (!active?.trapped) {
    side.pokemon.forEach((pokemon, i) => {
      if (i > 0 && pokemon.hp) choices.push(`switch ${i + 1}`);
    });
  }
  return choices[below(choices.length)];
}

function play(number) {
  const [p1, p2] = pairs[number % pairs.length];
  const words = [0, 0, 0, 0].map(() => below(65536)).join(',');
  const battle = new Battle({formatid: 'gen1ou', seed: words, p1: {name: 'P1', team: p1}, p2: {name: 'P2', team: p2}});
  while (!battle.ended) {
    const chosen = battle.sides.map(choice);
    chosen.forEach((one, i) => {
      if (one) battle.choose(`p${i + 1}`, one);
    });
  }
  return battle.turn;
}

/** Battles for so many seconds of processor time. */
function playFor(duration) {
  const start = process.cpuUsage();
  const total = {battles: 0, turns: 0, seconds: 0};
  while (total.seconds < duration) {
    total.turns += play(total.battles++);
    const {user, system} = process.cpuUsage(start);
    total.seconds = (user + system) / 1e6;
  }
  return total;
}

playFor(5);
console.log(JSON.stringify(playFor(Number(seconds))));
