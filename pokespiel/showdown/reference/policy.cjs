'use strict';
/** Seeded choices: which options a request offers, and policies that reach rare interactions more often than chance. */

/** A small deterministic generator (xorshift128, seeded by splitmix), independent of the battle's own. */
class Random {
  constructor(seed) {
    let state = seed >>> 0;
    this.words = new Uint32Array(4);
    for (let i = 0; i < 4; i++) {
      state = (state + 0x9E3779B9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x85EBCA6B);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xC2B2AE35);
      this.words[i] = mixed ^ (mixed >>> 16);
    }
    this.words[0] |= 1;
  }
  /** A whole number in [0, 2^32). */
  next() {
    const words = this.words;
    let mixed = words[3];
    const first = words[0];
    words[3] = words[2];
    words[2] = words[1];
    words[1] = first;
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    words[0] = mixed ^ first ^ (first >>> 19);
    return words[0];
  }
  /** A whole number in [0, n). */
  below(n) {
    return Math.floor(this.next() / 4294967296 * n);
  }
  /** A whole number in [low, high]. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }
  chance(probability) {
    return this.next() / 4294967296 < probability;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  /** `count` different members of `list`. */
  sample(list, count) {
    const rest = list.slice();
    const drawn = [];
    while (drawn.length < count && rest.length) drawn.push(rest.splice(this.below(rest.length), 1)[0]);
    return drawn;
  }
}

/** The legal choices of a side, as Showdown's own strings, in order: moves, then switches; empty if it waits. */
function options(side) {
  const request = side.activeRequest;
  if (!request || request.wait) return [];
  const choices = [];
  const active = request.active?.[0];
  (active?.moves ?? []).forEach((move, i) => {
    if (!move.disabled) choices.push(`move ${i + 1}`);
  });
  if (!active?.trapped) {
    side.pokemon.forEach((pokemon, i) => {
      if (i > 0 && pokemon.hp) choices.push(`switch ${i + 1}`);
    });
  }
  return choices;
}

/** A policy is drawn once per side and battle: how often it switches, and whether it prefers one move. */
function drawPolicy(random) {
  return {
    switching: random.pick([0.03, 0.1, 0.1, 0.2, 0.5]),
    clinging: random.pick([0, 0, 0, 0.5, 0.9]),
    last: '',
  };
}

/** One of `choices`, or '' if there are none. */
function choose(choices, policy, random) {
  if (!choices.length) return '';
  const moves = choices.filter(choice => choice.startsWith('move'));
  const switches = choices.filter(choice => choice.startsWith('switch'));
  if (!moves.length || (switches.length && random.chance(policy.switching))) return random.pick(switches);
  if (moves.includes(policy.last) && random.chance(policy.clinging)) return policy.last;
  policy.last = random.pick(moves);
  return policy.last;
}

module.exports = {Random, options, drawPolicy, choose};
