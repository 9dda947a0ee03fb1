// Configuration of a local server for bots: the package's example, without everything that contacts other hosts, waits,
// logs chat or opens a back door.
'use strict';
Object.assign(exports, require('./config-example.js'), {
	bindaddress: '127.0.0.1',
	backdoor: false,
	repl: false,
	noguestsecurity: true,
	noipchecks: true,
	nothrottle: true,
	watchconfig: false,
	loguserstats: 0,
	autolockdown: false,
	reportbattles: false,
	reportjoins: false,
	// one process each for the services that bots need, none for the others
	subprocesses: {
		network: 1, simulator: 1, validator: 1, verifier: 0, localartemis: 0, remoteartemis: 0, friends: 0,
		chatdb: 0, modlog: 0, pm: 0, battlesearch: 0, datasearch: 0,
	},
});

// With POKESPIEL_RECORD=FOLDER every battle's input log is written there, and battles draw from the generator that the
// engine shares with Showdown instead of ChaCha20.
if (process.env.POKESPIEL_RECORD) {
	Object.assign(exports, {logchallenges: true, logsdir: process.env.POKESPIEL_RECORD});
	const {PRNG, Gen5RNG} = require('../dist/sim/prng.js');
	PRNG.generateSeed = () => PRNG.convertSeed(Gen5RNG.generateSeed());
}

// On a server of the arena a challenger may arrange its next battle: "/arrange second,TEAM" seats it second, and gives its
// opponent that packed team. So a bot that only accepts challenges, with a team of its own, plays seat- and team-swapped
// pairs.
if (process.env.POKESPIEL_ARRANGE) {
	exports.commands = {
		arrange(target, room, user) {
			const [seat, ...team] = target.split(',');
			user.arranged = {second: seat === 'second', team: team.join(',').trim()};
		},
	};
	exports.startuphook = () => {
		const createBattle = Rooms.createBattle;
		Rooms.createBattle = options => {
			const [challenger, accepter] = options.players;
			const arranged = challenger.user.arranged;
			delete challenger.user.arranged;
			if (arranged?.team) accepter.team = arranged.team;
			if (arranged?.second) options.players.reverse();
			return createBattle.call(Rooms, options);
		};
	};
}

// Whoever starts a server must know that it is this one that answers on a port, and not another one already there.
exports.customhttpresponse = (request, response) => {
	if (request.url !== '/pokespiel') return false;
	response.end(process.env.POKESPIEL_SERVER || '');
	return true;
};

// The server ends with the process that started it, even if that is killed: its standard input is a pipe from there.
if (process.env.POKESPIEL_SERVER && !process.send) {
	process.stdin.resume().on('end', () => process.exit());
}
