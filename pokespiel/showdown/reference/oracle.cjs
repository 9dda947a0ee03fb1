'use strict';
/**
 * Plays Gen 1 battles inside Pokemon Showdown and streams everything that the engine must reproduce.
 *
 *   node oracle.cjs --showdown FOLDER --kind KIND --first N --count M      battles N..N+M-1 of a kind (or `all`), seeded by number
 *   node oracle.cjs --showdown FOLDER --replay FILE                       battles of FILE, one JSON object per line:
 *                                                                         {seed, teams, names, turn, choices: [[p1, p2], ...]}
 * Output: frames of fields. A frame is u8 number of fields, then each field as u32 length and its bytes (little endian).
 *   battle  2  'B' | JSON {kind, number, seed, teams, names, turn, limit}
 *   point   9  p1's choice | p2's choice | p1's options | p2's options (each joined by ',') | seed, 8 bytes, least significant
 *              word first | canonical state | log since the last point, without timestamps | p1's request | p2's request (JSON)
 *   end     2  'E' | '' or the error with which Showdown gave up
 */

const fs = require('fs');
const path = require('path');
const {packState} = require('./state.cjs');
const {TeamBuilder, KINDS} = require('./teams.cjs');
const {Random, options, drawPolicy, choose} = require('./policy.cjs');

/** A battle before its first choice, with its Pokemon in the condition given by their sets. */
function startBattle(showdown, setup) {
  const battle = new showdown.Battle({formatid: 'gen1ou', seed: setup.seed, strictChoices: true});
  battle.start = () => {};
  setup.teams.forEach((team, i) => battle.setPlayer(`p${i + 1}`, {name: setup.names[i], team: structuredClone(team)}));
  delete battle.start;
  for (const side of battle.sides) {
    for (const pokemon of side.pokemon) applyCondition(battle, pokemon);
  }
  battle.turn = setup.turn ?? 0;
  battle.start();
  return battle;
}

function applyCondition(battle, pokemon) {
  const {hp, status, sleep, pp} = pokemon.set;
  if (hp) pokemon.hp = Math.min(hp, pokemon.maxhp);
  if (status) {
    pokemon.status = status;
    pokemon.statusState = battle.initEffectState({id: status, target: pokemon});
    if (status === 'slp') pokemon.statusState.time = sleep ?? 1;
  }
  (pp ?? []).forEach((left, i) => {
    if (pokemon.baseMoveSlots[i]) pokemon.baseMoveSlots[i].pp = left;
  });
  if (hp || status || pp) pokemon.clearVolatile();
}

/** Buffers frames and writes them out in large pieces, waiting for the reader. */
class Frames {
  constructor() {
    this.parts = [];
    this.size = 0;
  }
  add(fields) {
    this.push(Buffer.from([fields.length]));
    for (const field of fields) {
      const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      this.push(length);
      this.push(bytes);
    }
    if (this.size > 1 << 20) this.flush();
  }
  push(bytes) {
    this.parts.push(bytes);
    this.size += bytes.length;
  }
  flush() {
    let bytes = Buffer.concat(this.parts);
    this.parts = [];
    this.size = 0;
    while (bytes.length) {
      try {
        bytes = bytes.subarray(fs.writeSync(1, bytes));
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
      }
    }
  }
}

function seedBytes(battle) {
  const bytes = Buffer.alloc(8);
  battle.prng.getSeed().split(',').forEach((word, i) => bytes.writeUInt16LE(Number(word), 6 - 2 * i));
  return bytes;
}

/** Play one battle; emits a point each time Showdown waits for choices, and one at the end. */
function playBattle(showdown, setup, chooser, frames) {
  frames.add(['B', JSON.stringify(setup)]);
  let error = '';
  try {
    const battle = startBattle(showdown, setup);
    let logged = 0;
    let choices = ['', ''];
    for (let point = 0; ; point++) {
      const lines = battle.log.slice(logged).filter(line => !line.startsWith('|t:|'));
      logged = battle.log.length;
      if (!battle.ended && battle.queue.list.length) throw new Error('actions are left in the queue at a request');
      const offered = battle.sides.map(side => battle.ended ? [] : options(side));
      const requests = battle.sides.map(side => side.activeRequest ? JSON.stringify(side.activeRequest) : '');
      frames.add([...choices, offered[0].join(','), offered[1].join(','), seedBytes(battle), packState(battle), lines.join('\n'),
        ...requests]);
      if (battle.ended || point >= (setup.limit ?? Infinity)) break;
      choices = chooser(offered, point);
      if (!choices) break;
      if (battle.ended) break;
      choices.forEach((choice, i) => {
        if (choice) battle.choose(`p${i + 1}`, choice);
      });
    }
  } catch (thrown) {
    error = String(thrown.message || thrown);
  }
  frames.add(['E', error]);
}

function policyChooser(random) {
  const policies = [drawPolicy(random), drawPolicy(random)];
  return offered => offered.map((choices, i) => choose(choices, policies[i], random));
}

function numberedBattle(builder, kind, number) {
  const drawn = kind === 'all' ? KINDS[number % KINDS.length] : kind;
  const random = new Random(number * 2 + 1);
  const setup = builder.setup(drawn, number, random.next());
  return [{kind: drawn, number, seed: builder.prng(random), ...setup}, policyChooser(random)];
}

function main(args) {
  const option = (name, fallback) => args.includes(name) ? args[args.indexOf(name) + 1] : fallback;
  const showdown = require(path.resolve(option('--showdown')));
  const frames = new Frames();
  if (option('--replay')) {
    for (const line of fs.readFileSync(option('--replay'), 'utf8').split('\n').filter(Boolean)) {
      const {choices, ...setup} = JSON.parse(line);
      playBattle(showdown, setup, (_, point) => choices[point], frames);
    }
  } else {
    const builder = new TeamBuilder(showdown);
    const first = Number(option('--first', 0));
    for (let number = first; number < first + Number(option('--count', 1)); number++) {
      playBattle(showdown, ...numberedBattle(builder, option('--kind', 'all'), number), frames);
    }
  }
  frames.flush();
}

main(process.argv.slice(2));
