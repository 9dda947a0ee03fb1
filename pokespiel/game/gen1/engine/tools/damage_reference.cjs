// Damages by an independent calculator, for the engine's to be compared with: tests/data/gen1_damages.json.
//
//     npm install @smogon/calc@0.12.0
//     node damage_reference.cjs path/to/node_modules/@smogon/calc path/to/dex.json > gen1_damages.json
//
// A case is one attack: both sides' species and level, the move, and what each did in the turn before (a stat move, a
// screen). `damages` are all that the attack can do when it hits, with and without a critical hit.
'use strict';
const {calculate, Field, Generations, Move, Pokemon, Side} = require(process.argv[2]);
const dex = require(require('path').resolve(process.argv[3]));
const CASES = 1500;
const GEN = Generations.get(1);

// Left out: attacks that take HP by more than one hit of the formula (status, confusion, more hits), and the
// high-critical ones, of which the calculator knows critical hits alone.
const UNSUITED = new Set([
	'bide', 'counter', 'metronome', 'mirrormove', 'struggle', 'psywave', 'superfang', 'dreameater', 'selfdestruct', 'explosion',
	'bind', 'wrap', 'clamp', 'firespin', 'thrash', 'petaldance', 'rage', 'dig', 'fly', 'razorwind', 'skyattack', 'solarbeam',
	'skullbash', 'hyperbeam', 'fissure', 'guillotine', 'horndrill', 'doublekick', 'doubleslap', 'cometpunch', 'furyattack',
	'furyswipes', 'barrage', 'spikecannon', 'pinmissile', 'bonemerang', 'twineedle', 'highjumpkick', 'jumpkick',
	'confusion', 'psybeam', 'karatechop', 'razorleaf', 'crabhammer', 'slash', 'firepunch', 'ember', 'flamethrower', 'fireblast', 'poisonsting', 'smog', 'sludge',
]);
const RAISES = {
	swordsdance: {atk: 2}, amnesia: {spc: 2}, growth: {spc: 1}, meditate: {atk: 1},
};
const GUARDS = {
	reflect: {side: 'isReflect'}, lightscreen: {side: 'isLightScreen'}, withdraw: {boosts: {def: 1}}, barrier: {boosts: {def: 2}},
	amnesia: {boosts: {spc: 2}},
};

let state = 12345;
function below(n) {
	state = (Math.imul(state, 1103515245) + 12345) >>> 0;
	return (state >>> 8) % n;
}
const pick = list => list[below(list.length)];

function boosts(stages) {
	const {spc, ...others} = stages;
	return spc === undefined ? others : {...others, spa: spc, spd: spc};
}

function damages(one) {
	const raise = RAISES[one.raise] || {};
	const guard = GUARDS[one.guard] || {};
	const found = new Set();
	for (const isCrit of [false, true]) {
		const attacker = new Pokemon(GEN, one.attacker, {level: one.levels[0], boosts: boosts(raise)});
		const defender = new Pokemon(GEN, one.defender, {level: one.levels[1], boosts: boosts(guard.boosts || {})});
		const field = new Field({defenderSide: new Side(guard.side ? {[guard.side]: true} : {})});
		const {damage} = calculate(GEN, attacker, defender, new Move(GEN, one.move, {isCrit}), field);
		for (const amount of Array.isArray(damage) ? damage : [damage]) found.add(Math.min(amount, defender.maxHP()));
	}
	return [...found].sort((a, b) => a - b);
}

const species = Object.values(dex.species).map(one => one.name);
const moves = dex.moves.filter(one => one.power && !UNSUITED.has(one.id)).map(one => one.name);
const cases = [];
while (cases.length < CASES) {
	const one = {
		attacker: pick(species), defender: pick(species), levels: [1 + below(100), 1 + below(100)], move: pick(moves),
		raise: below(3) ? '' : pick(Object.keys(RAISES)), guard: below(3) ? '' : pick(Object.keys(GUARDS)),
	};
	cases.push({...one, damages: damages(one)});
}
console.log(`[\n${cases.map(one => JSON.stringify(one)).join(',\n')}\n]`);
