'use strict';
/**
 * The canonical state: every field of a Gen 1 battle that can matter to a later turn, in one fixed byte layout.
 * The engine writes the same bytes (engine/canonical.cpp), so that two battles are compared with one memcmp;
 * pokespiel/game/gen1/canonical.py names the fields when they differ. Little endian, 10 + 2 * 197 = 404 bytes.
 *
 *   battle   10  turn u16 | request of p1, p2 (0 wait, 1 move, 2 switch) u8 u8 | result (0 running, 1 p1, 2 p2, 3 tie) u8
 *                | unused u8 | lastDamage u32
 *   side    197  each of p1, p2:
 *     choice   8   lastSelectedMove | lastSelectedMoveSlot | lastEnemySelectedMove | lastMove | lastEnemyMove
 *                  | fainted this turn | Pokemon left | party size
 *     party  114   6 * 19, in current order: original slot (1-6, 0 none) | species | level | status | sleep turns left
 *                  | sleep is self-inflicted | subFainted | hp u16 | max hp u16 | 4 * (move, pp) of the base slots
 *     active  75   of the first in party order, drawn at writeActive and writeVolatiles; all zero if it has fainted
 *
 * Status: 0 none or fainted, 1 slp, 2 psn, 3 brn, 4 frz, 5 par, 6 tox. Move: its number, 200 nomove, 201 cannotmove,
 * 202 recharge, 0 none. A finished battle keeps only the battle part (lastDamage 0) and each Pokemon's identity and hp.
 *
 * Left out: the generator's seed (compared apart), the memory of hints already given (the log shows it), fields that the
 * next turn rewrites before it reads them (moveThisTurn, benched stats, disabled flags, maybeLocked and trapped, which the
 * request shows), and volatiles without effect in Gen 1 (IGNORED).
 */

const SIDE = 197;
const SIZE = 10 + 2 * SIDE;
const STATUS = {'': 0, slp: 1, psn: 2, brn: 3, frz: 4, par: 5, tox: 6, fnt: 0};
const SPECIAL = {'': 0, nomove: 200, cannotmove: 201, recharge: 202};
const TYPES = ['Normal', 'Fighting', 'Flying', 'Poison', 'Ground', 'Rock', 'Bug', 'Ghost', 'Fire', 'Water', 'Grass',
  'Electric', 'Psychic', 'Ice', 'Dragon'];
const STATS = ['atk', 'def', 'spe', 'spa'];
const BOOSTS = ['atk', 'def', 'spe', 'spa', 'accuracy', 'evasion'];
const FLAGS = ['reflect', 'lightscreen', 'mist', 'focusenergy', 'leechseed', 'mustrecharge', 'residualdmg', 'invulnerability'];
const IGNORED = new Set(['defensecurl', 'minimize']);
const KNOWN = new Set([...FLAGS, ...IGNORED, 'bide', 'disable', 'lockedmove', 'rage', 'twoturnmove', 'partialtrappinglock',
  'partiallytrapped', 'fakepartiallytrapped', 'confusion', 'substitute', 'flinch']);

class Writer {
  constructor(size) {
    this.bytes = Buffer.alloc(size);
    this.at = 0;
  }
  u8(value) {
    this.bytes[this.at++] = value;
  }
  u16(value) {
    this.at = this.bytes.writeUInt16LE(value, this.at);
  }
  u32(value) {
    this.at = this.bytes.writeUInt32LE(value, this.at);
  }
}

/** The number of a move, given its id, in the layout. */
function moveNumber(battle, id) {
  if (id === null || id === undefined) return 0;
  if (id in SPECIAL) return SPECIAL[id];
  const number = battle.dex.moves.get(id).num;
  if (!(number >= 1 && number <= 165)) throw new Error(`canonical state: unknown move ${id}`);
  return number;
}

/** A Pokemon's place in its owner's team, from 1. */
function originalSlot(pokemon) {
  return pokemon.side.team.indexOf(pokemon.set) + 1;
}

/** Whether the Pokemon that a trapping volatile refers to has not fainted; otherwise the turn's end drops it. */
function isActiveFoe(pokemon) {
  return pokemon?.isActive && pokemon.hp ? 1 : 0;
}

function writePartyMember(out, battle, pokemon) {
  const start = out.at;
  if (pokemon) {
    const asleep = pokemon.status === 'slp';
    out.u8(originalSlot(pokemon));
    out.u8(pokemon.baseSpecies.num);
    out.u8(pokemon.level);
    if (battle.ended) {
      out.at += 4;
    } else {
      out.u8(STATUS[pokemon.hp ? pokemon.status : '']);
      out.u8(pokemon.hp && asleep ? pokemon.statusState.time & 255 : 0);
      out.u8(pokemon.hp && asleep && pokemon.statusState.source?.isAlly(pokemon) ? 1 : 0);
      out.u8(pokemon.hp && pokemon.subFainted ? 1 : 0);
    }
    out.u16(pokemon.hp);
    out.u16(pokemon.maxhp);
    for (const slot of battle.ended || !pokemon.hp ? [] : pokemon.baseMoveSlots) {
      out.u8(moveNumber(battle, slot.id));
      out.u8(slot.pp);
    }
  }
  out.at = start + 19;
}

/**
 *   species | type 1 | type 2 | transformed                4
 *   stored, then modified stats u16: atk def spe spc      16   (both Special stats are one: asserted)
 *   cached speed u16                                       2
 *   boosts i8: atk def spe spc accuracy evasion            6
 *   4 * (move, pp, virtual)                               12
 *   lastMove                                               1
 *   volatiles                                             34
 */
function writeActive(out, battle, pokemon) {
  const volatiles = pokemon.volatiles;
  for (const name in volatiles) {
    if (!KNOWN.has(name)) throw new Error(`canonical state: unknown volatile ${name}`);
  }
  if (pokemon.storedStats.spa !== pokemon.storedStats.spd || pokemon.modifiedStats.spa !== pokemon.modifiedStats.spd ||
    pokemon.boosts.spa !== pokemon.boosts.spd) throw new Error('canonical state: the two Special stats differ');
  out.u8(pokemon.species.num);
  out.u8(TYPES.indexOf(pokemon.types[0]));
  out.u8(TYPES.indexOf(pokemon.types[1] || pokemon.types[0]));
  out.u8(pokemon.transformed ? 1 : 0);
  for (const stat of STATS) out.u16(pokemon.storedStats[stat]);
  for (const stat of STATS) out.u16(pokemon.modifiedStats[stat]);
  out.u16(pokemon.speed);
  for (const boost of BOOSTS) out.u8(pokemon.boosts[boost] & 255);
  for (let i = 0; i < 4; i++) {
    const slot = pokemon.moveSlots[i];
    out.u8(slot ? moveNumber(battle, slot.id) : 0);
    out.u8(slot ? slot.pp : 0);
    out.u8(slot?.virtual ? 1 : 0);
  }
  out.u8(moveNumber(battle, pokemon.lastMove?.id));
  writeVolatiles(out, battle, volatiles);
}

/**
 *   FLAGS, bit 0 first | flinch: duration                                                                2
 *   bide: damage u32, time                                                                               5
 *   disable: slot from 1, move, time                                                                     3
 *   lockedmove: move, time, accuracy                                                                     3
 *   rage: 1, accuracy                                                                                    2
 *   twoturnmove: move                                                                                    1
 *   partialtrappinglock: move, total duration, duration, damage u32, whether it holds the active foe     8
 *   partiallytrapped: duration, whether by the active foe, maybeLocked                                   3
 *   fakepartiallytrapped: duration, whether with the active foe                                          2
 *   confusion: time | substitute: hp u16 | residualdmg: counter u16                                      5
 */
function writeVolatiles(out, battle, volatiles) {
  const {bide, disable, lockedmove, rage, twoturnmove, partialtrappinglock, partiallytrapped, fakepartiallytrapped} = volatiles;
  out.u8(FLAGS.reduce((bits, name, i) => bits | (volatiles[name] ? 1 << i : 0), 0));
  out.u8(volatiles.flinch?.duration ?? 0);
  out.u32(bide?.damage ?? 0);
  out.u8(bide?.time ?? 0);
  out.u8(disable ? disable.slotIndex + 1 : 0);
  out.u8(disable ? moveNumber(battle, disable.move) : 0);
  out.u8(disable?.time ?? 0);
  out.u8(lockedmove ? moveNumber(battle, lockedmove.move) : 0);
  out.u8(lockedmove?.time ?? 0);
  out.u8(lockedmove?.accuracy ?? 0);
  out.u8(rage ? 1 : 0);
  out.u8(rage?.accuracy ?? 0);
  out.u8(twoturnmove ? moveNumber(battle, twoturnmove.move) : 0);
  const lock = partialtrappinglock;
  out.u8(lock ? moveNumber(battle, lock.move) : 0);
  out.u8(lock?.totalDuration ?? 0);
  out.u8(lock?.duration ?? 0);
  out.u32(lock?.damage ?? 0);
  out.u8(isActiveFoe(lock?.locked));
  out.u8(partiallytrapped?.duration ?? 0);
  out.u8(isActiveFoe(partiallytrapped?.source));
  out.u8(partiallytrapped?.maybeLocked ? 1 : 0);
  out.u8(fakepartiallytrapped?.duration ?? 0);
  out.u8(isActiveFoe(fakepartiallytrapped?.counterpart));
  out.u8(volatiles.confusion?.time ?? 0);
  out.u16(volatiles.substitute?.hp ?? 0);
  out.u16(volatiles.residualdmg?.counter ?? 0);
}

function writeSide(out, battle, side) {
  const start = out.at;
  if (!battle.ended) {
    out.u8(moveNumber(battle, side.lastSelectedMove));
    out.u8(side.lastSelectedMoveSlot);
    out.u8(moveNumber(battle, side.lastEnemySelectedMove));
    out.u8(moveNumber(battle, side.lastMove?.id));
    out.u8(moveNumber(battle, side.lastEnemyMove?.id));
    out.u8(side.faintedThisTurn ? 1 : 0);
  }
  out.at = start + 6;
  out.u8(side.pokemonLeft);
  out.u8(side.pokemon.length);
  for (let i = 0; i < 6; i++) writePartyMember(out, battle, side.pokemon[i]);
  const active = side.active[0];
  if (!battle.ended && active?.hp) writeActive(out, battle, active);
  out.at = start + SIDE;
}

function requestCode(side) {
  return {'': 0, move: 1, switch: 2}[side.requestState];
}

function resultCode(battle) {
  if (!battle.ended) return 0;
  return {[battle.sides[0].name]: 1, [battle.sides[1].name]: 2}[battle.winner] ?? 3;
}

/** The canonical bytes of a battle that waits for choices or has ended. */
function packState(battle) {
  const out = new Writer(SIZE);
  out.u16(battle.turn);
  for (const side of battle.sides) out.u8(requestCode(side));
  out.u8(resultCode(battle));
  out.u8(0);
  out.u32(battle.ended ? 0 : battle.lastDamage);
  for (const side of battle.sides) writeSide(out, battle, side);
  return out.bytes;
}

module.exports = {packState, resultCode, SIZE, TYPES};
