// Configuration of a local server for bots: the package's example with everything that reaches outside,
// waits, logs chat or opens a back door switched off.
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
	// one process each for what bots need, none for the rest
	subprocesses: {
		network: 1, simulator: 1, validator: 1, verifier: 0, localartemis: 0, remoteartemis: 0, friends: 0,
		chatdb: 0, modlog: 0, pm: 0, battlesearch: 0, datasearch: 0,
	},
});
