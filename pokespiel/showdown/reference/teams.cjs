'use strict';
/**
 * Teams for comparison battles, by kind: `ou` (legal in gen1ou, from learnsets), `random` (Showdown's own random battles),
 * `wild` (any four moves on any species), `gadget` (small worlds in which rare interactions are common).
 *
 * A battle's setup is {teams: [sets, sets], names, turn (the counter before the first), limit (of points played)}. A set
 * is Showdown's, and may carry the condition in which the Pokemon enters: hp, status, sleep (turns left), pp (a list).
 */

const {Random} = require('./policy.cjs');

const KINDS = ['ou', 'random', 'wild', 'gadget'];
/** Battles whose `ou` teams come from one pool of legal sets. */
const BLOCK = 1000;
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const NICKNAMES = ['Ada', 'Bo-Bo', 'A, B', "O'Neil", 'Zed 9', 'Éclair'];
const STRONG = ['tauros', 'snorlax', 'chansey', 'exeggutor', 'alakazam', 'starmie', 'gengar', 'zapdos', 'rhydon', 'jynx',
  'lapras', 'slowbro', 'cloyster', 'jolteon', 'golem', 'hypno', 'dragonite', 'persian', 'articuno', 'victreebel'];

/** Worlds of the `gadget` kind: moves to draw from, and sometimes species. Every hint and rare line lives in one of them. */
const GADGETS = [
  {moves: ['metronome', 'mirrormove', 'transform', 'mimic', 'substitute', 'haze', 'disable', 'rage', 'thrash', 'bide', 'counter',
    'hyperbeam', 'rest', 'wrap', 'firespin', 'clamp', 'bind', 'dig', 'fly', 'leechseed', 'toxic', 'explosion']},
  {moves: ['wrap', 'firespin', 'clamp', 'bind', 'metronome', 'mirrormove', 'hyperbeam', 'substitute', 'transform', 'haze']},
  {moves: ['haze', 'sleeppowder', 'spore', 'icebeam', 'blizzard', 'bide', 'thrash', 'petaldance', 'solarbeam', 'razorwind', 'rage',
    'wrap', 'fireblast', 'confuseray', 'rest']},
  {moves: ['disable', 'rage', 'explosion', 'selfdestruct', 'bide', 'thrash', 'petaldance', 'substitute', 'counter', 'mimic']},
  {moves: ['counter', 'bodyslam', 'sleeppowder', 'lovelykiss', 'earthquake', 'submission', 'rest', 'seismictoss', 'doubleedge']},
  {moves: ['substitute', 'confuseray', 'psybeam', 'confusion', 'explosion', 'hyperbeam', 'doublekick', 'furyattack', 'twineedle',
    'pinmissile', 'megadrain', 'dreameater', 'doubleedge', 'highjumpkick', 'jumpkick', 'struggle', 'metronome', 'sleeppowder']},
  {moves: ['dig', 'fly', 'skullbash', 'skyattack', 'solarbeam', 'razorwind', 'thunderwave', 'confuseray', 'swift', 'transform', 'bide',
    'metronome', 'mirrormove', 'disable']},
  {moves: ['swordsdance', 'amnesia', 'agility', 'growl', 'screech', 'leer', 'stringshot', 'psychic', 'acid', 'bubblebeam', 'aurorabeam',
    'barrier', 'acidarmor', 'thunderwave', 'stunspore', 'fireblast', 'haze', 'mist', 'growth', 'rest', 'tailwhip']},
  {moves: ['reflect', 'lightscreen', 'acidarmor', 'amnesia', 'barrier', 'withdraw', 'tackle', 'watergun', 'psychic', 'focusenergy'],
    species: ['cloyster', 'mewtwo', 'slowbro', 'onix', 'golem', 'omastar']},
  {moves: ['toxic', 'leechseed', 'rest', 'poisonpowder', 'flamethrower', 'ember', 'recover', 'softboiled', 'haze', 'metronome', 'substitute']},
  {moves: ['recover', 'softboiled', 'rest', 'seismictoss', 'nightshade', 'sonicboom', 'dragonrage', 'superfang', 'psywave', 'struggle']},
  {moves: ['smokescreen', 'sandattack', 'doubleteam', 'minimize', 'kinesis', 'flash', 'swift', 'rage', 'thrash', 'bodyslam', 'haze']},
  {moves: ['transform'], species: ['ditto', 'mew', 'gengar']},
  {moves: ['tackle', 'struggle', 'splash', 'transform', 'bodyslam', 'rest'], species: ['gastly', 'haunter', 'gengar', 'ditto']},
  {moves: ['guillotine', 'horndrill', 'fissure', 'psywave', 'counter', 'bite', 'stomp', 'headbutt', 'rollingkick', 'hyperfang', 'lowkick',
    'quickattack', 'conversion', 'roar', 'whirlwind', 'teleport', 'splash', 'payday', 'glare']},
  {moves: ['mimic', 'transform', 'metronome', 'mirrormove', 'disable', 'conversion', 'wrap', 'skyattack']},
  {moves: ['bide', 'haze', 'spore', 'lovelykiss', 'splash'], healthy: true},
  {moves: ['toxic', 'rest', 'poisongas', 'ember', 'tackle', 'leechseed'], species: ['chansey', 'snorlax', 'lapras', 'slowbro'],
    healthy: true},
  {moves: ['recover', 'softboiled', 'rest', 'splash'], species: ['chansey', 'snorlax', 'mew', 'wigglytuff'], deficit: true},
  {moves: ['screech', 'tailwhip', 'tackle', 'growl', 'splash', 'sonicboom'], levels: [1, 2, 3, 100]},
];

/** Team builder over one installed Showdown. */
class TeamBuilder {
  constructor(showdown) {
    this.showdown = showdown;
    this.dex = showdown.Dex.mod('gen1');
    this.moves = [...this.dex.moves.all()].filter(move => move.num >= 1 && move.num <= 165 && move.gen === 1).map(move => move.id);
    this.species = [...this.dex.species.all()]
      .filter(species => species.num >= 1 && species.num <= 151 && !species.forme).map(species => species.id);
    if (this.moves.length !== 165 || this.species.length !== 151) throw new Error('expected 165 moves and 151 species');
  }

  /** The setup of battle `number`, from its own seed. */
  setup(kind, number, seed) {
    const random = new Random(seed);
    if (!KINDS.includes(kind)) throw new Error(`unknown kind ${kind}; choose one of ${KINDS.join(', ')}`);
    const setup = this[kind](random, number);
    return {turn: 0, limit: 3000, names: ['P1', 'P2'], ...setup};
  }

  random(random) {
    const team = () => this.showdown.Teams.generate('gen1randombattle', {seed: this.prng(random)}).map(plainSet);
    return {teams: [team(), team()]};
  }

  prng(random) {
    return [0, 0, 0, 0].map(() => random.below(65536)).join(',');
  }

  ou(random, number) {
    const pool = this.legalPool(Math.floor(number / BLOCK));
    const team = () => {
      const strong = random.chance(0.6);
      const size = random.chance(0.8) ? 6 : random.between(1, 6);
      const bySpecies = new Map();
      for (const set of random.sample(strong ? pool.filter(set => STRONG.includes(set.id)) : pool, 40)) bySpecies.set(set.id, set);
      return [...bySpecies.values()].slice(0, size).map(plainSet);
    };
    return {teams: [team(), team()]};
  }

  /** Sets that are legal in gen1ou, several per species, drawn anew for every block of battle numbers. */
  legalPool(block) {
    if (this.pool?.block !== block) {
      const random = new Random(block + 77);
      const sets = [];
      while (sets.length < 300) {
        const set = this.legalSet(random.pick(random.chance(0.5) ? STRONG : this.species), random);
        if (set) sets.push(set);
      }
      this.pool = {block, sets};
    }
    return this.pool.sets;
  }

  legalSet(id, random) {
    this.validator ??= this.showdown.TeamValidator.get('gen1ou');
    const species = this.dex.species.get(id);
    const level = random.chance(0.9) ? 100 : random.between(Math.max(species.evoLevel || 1, 60), 100);
    const set = {...fullSet(species.name, random.sample(this.learnable(id), 4), level), ability: 'No Ability', id};
    return set.moves.length && !this.validator.validateTeam([structuredClone(set)]) ? set : null;
  }

  /** The moves that a species can learn at all. */
  learnable(id) {
    this.learnsets ??= new Map();
    if (!this.learnsets.has(id)) {
      const species = this.dex.species.get(id);
      this.learnsets.set(id, this.moves.filter(move => !this.validator.checkCanLearn(this.dex.moves.get(move), species)));
    }
    return this.learnsets.get(id);
  }

  maxHp(set) {
    const twice = 2 * this.dex.species.get(set.species).baseStats.hp + set.ivs.hp + Math.floor(set.evs.hp / 4);
    return Math.floor(twice * set.level / 100) + set.level + 10;
  }

  wild(random) {
    const level = random.pick([
      () => 100, () => random.between(1, 100), () => random.between(1, 100), () => random.between(1, 12),
    ]);
    const nicknames = random.chance(0.2);
    const team = () => random.sample(this.species, random.between(1, 6)).map((id, i) => ({
      ...this.wildSet(id, random.sample(this.moves, random.between(1, 4)), level(), random),
      ...(nicknames && i % 2 === 0 ? {name: NICKNAMES[(i + random.below(2)) % NICKNAMES.length]} : {}),
    }));
    return {teams: [team(), team()]};
  }

  wildSet(id, moves, level, random) {
    const set = fullSet(this.dex.species.get(id).name, moves, level);
    if (random.chance(0.5)) {
      for (const stat of STATS) {
        set.ivs[stat] = 2 * random.below(16);
        set.evs[stat] = random.below(253);
      }
      set.ivs.spd = set.ivs.spa;
      set.evs.spd = set.evs.spa;
    }
    return set;
  }

  gadget(random) {
    const world = random.pick(GADGETS);
    const size = random.pick([1, 1, 2, 2, 3, 6]);
    const level = random.pick([100, 100, 50, random.between(1, 100), random.between(1, 5)]);
    const conditions = {
      pp: random.chance(0.4), hp: random.chance(0.2), status: random.chance(0.35), lead: random.chance(0.3),
    };
    if (world.healthy || world.deficit) conditions.pp = conditions.hp = conditions.status = conditions.lead = false;
    const make = i => this.gadgetSet(world, level, conditions, i, random);
    const first = Array.from({length: size}, (_, i) => make(i));
    const mirror = random.chance(0.35);
    const second = mirror ? structuredClone(first) : Array.from({length: random.chance(0.8) ? size : 1}, (_, i) => make(i));
    const turn = random.chance(0.06) ? random.pick([98, 495, 985, 989, 994]) : 0;
    const limit = turn || random.chance(0.02) ? 3000 : 250;
    return {teams: [first, second], turn, limit};
  }

  gadgetSet(world, level, conditions, place, random) {
    const id = random.pick(world.species && random.chance(0.8) ? world.species : this.species);
    const strays = random.chance(0.3) ? [random.pick(this.moves)] : [];
    const moves = [...new Set([...random.sample(world.moves, random.between(1, 4)), ...strays])].slice(0, 4);
    if (world.levels) level = random.pick(world.levels);
    const set = this.wildSet(id, moves, level, random);
    if (world.deficit) set.hp = Math.max(1, this.maxHp(set) - random.pick([255, 255, 511, 254, 256]));
    if (conditions.pp) set.pp = moves.map(() => random.between(0, 3));
    if (conditions.hp) set.hp = random.between(1, 20);
    if (conditions.status && random.chance(0.6) || conditions.lead && place === 0) {
      // Showdown throws if the foe faints on entry and this cancels the entry of a badly poisoned lead
      set.status = random.pick(['slp', 'frz', 'frz', 'par', 'brn', 'psn', place === 0 ? 'psn' : 'tox']);
      if (set.status === 'slp') set.sleep = random.between(1, 7);
    }
    return set;
  }
}

/** A set with full stat experience and the highest determinant values. */
function fullSet(species, moves, level) {
  const all = value => Object.fromEntries(STATS.map(stat => [stat, value]));
  return {name: species, species, moves, level, ivs: all(30), evs: all(252)};
}

/** The part of a generated set that a Gen 1 battle uses. */
function plainSet(set) {
  const {name, species, moves, level, ivs, evs} = set;
  return {name: name || species, species, moves, level: level || 100, ivs, evs};
}

module.exports = {TeamBuilder, KINDS};
