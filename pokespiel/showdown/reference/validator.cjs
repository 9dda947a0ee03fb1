// Showdown's own verdict on teams: one packed team per input line, one JSON list of its problems per output line (empty: legal).
//
//   node validator.cjs PATH/TO/node_modules/pokemon-showdown < packed.txt
"use strict";
const readline = require("readline");
const { TeamValidator, Teams } = require(require("path").resolve(process.argv[2]));

const validator = new TeamValidator("gen1ou");

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (line) => {
  const team = line ? Teams.unpack(line) : [];
  if (!team) throw new Error(`not a packed team: ${line}`);
  process.stdout.write(JSON.stringify(validator.validateTeam(team) || []) + "\n");
});
