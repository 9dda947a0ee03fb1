// The analysis board: a finished battle, decision by decision, from either side.

import { h, percent } from "./dom.js";
import { chanceChart } from "./chart.js";
import { sideParts } from "./field.js";

const STATUSES = ["", "par", "slp", "frz", "brn", "psn", "tox"];
const STAGES = ["attack", "defense", "speed", "special", "accuracy", "evasion"];
const CONDITIONS = ["Reflect", "Light Screen", "Mist", "Focus Energy", "Leech Seed"];
const WORST = 5;
const SOLVING = "solving"; // an exact value is on its way
const PAUSE = 500; // ms between questions for it

export class ReviewView {
  constructor(page, data) {
    this.page = page;
    this.worths = new Map(); // "player/index" -> {worths, cost}
    this.player = Number(new URLSearchParams(location.hash.slice(1)).get("side")) || 1;
    this.index = 0;
    this.build();
    this.take(data);
  }

  get list() { return this.data.sides[this.player]; }
  get state() { return { names: this.data.names, opponent: this.data.names[1], battle: null }; }

  build() {
    this.title = h("h1", { class: "turn" });
    this.stage = h("div", { class: "stage" });
    this.steps = h("div", { class: "card steps" });
    this.curve = h("section", { class: "card", "aria-label": "Win chance" });
    this.choices = h("section", { class: "card", "aria-label": "The decision" });
    this.worst = h("section", { class: "card", "aria-label": "Costliest choices" });
    this.teams = h("section", { class: "card", "aria-label": "Teams" });
    this.onward = h("section", { class: "card", "aria-label": "Play on" });
    this.log = h("ol", { class: "log", "aria-label": "What happened", tabindex: 0 });
    this.element = h("div", { class: "battle" },
      h("div", { class: "head" }, this.title),
      h("div", { class: "stage-and-choices" }, this.stage, this.steps, this.choices, this.curve, this.worst, this.onward, this.teams),
      h("aside", { class: "card story", "aria-label": "Log" }, h("h2", {}, "Log"), this.log));
  }

  take(data) {
    this.data = data;
    this.worths.clear();
    this.log.replaceChildren(...data.told.map(([kind, text, line]) => h("li", { class: kind, "data-line": line }, text)));
    this.log.onclick = (event) => {
      const line = Number(event.target.closest("li")?.dataset.line);
      if (!Number.isNaN(line)) this.go(this.player, this.nearest((one) => one.heard <= line + 1));
    };
    this.go(this.player, Math.min(this.index, Math.max(0, this.list.length - 1)));
    this.weighAll();
  }

  nearest(fits) {
    let found = 0;
    this.list.forEach((one, index) => { if (fits(one)) found = index; });
    return found;
  }

  async go(player, index) {
    this.player = player;
    this.index = Math.max(0, Math.min(index, this.list.length - 1));
    const asked = `${player}/${this.index}`;
    this.choices.setAttribute("aria-busy", "true"); // they are the last place's until the answer is here
    this.drawSteps();
    this.drawCurve();
    this.drawWorst();
    this.drawTeams();
    if (!this.list.length) return;
    try {
      const answer = await this.page.link.ask("look", { review: this.data.review, player, index: this.index });
      if (asked !== `${this.player}/${this.index}`) return;
      this.sight = answer.sight;
      this.drawPosition();
      this.drawOnward();
      await this.weigh(player, this.index);
      if (asked === `${this.player}/${this.index}`) this.drawChoices();
    } catch (error) {
      this.page.trouble(error.message);
    }
  }

  async weigh(player, index) {
    const key = `${player}/${index}`;
    if (this.worths.has(key)) return;
    this.worths.set(key, { worths: null, cost: null });
    if (this.data.sides[player][index].shares.length < 2) return;
    try {
      this.worths.set(key, await this.page.link.ask("worth", { review: this.data.review, player, index }));
      if (this.worths.get(key).ending === SOLVING) this.solved(player, index);
    } catch (error) {
      this.worths.set(key, { worths: null, cost: null, why: error.message });
    }
  }

  // Asks again until the ending is solved, or is known to be too large; meanwhile the page shows the estimate.
  async solved(player, index) {
    const { review } = this.data;
    const key = `${player}/${index}`;
    while (this.worths.get(key)?.ending === SOLVING) {
      await new Promise((done) => { setTimeout(done, PAUSE); });
      if (this.page.view !== this || this.data.review !== review) return;
      try {
        this.worths.set(key, await this.page.link.ask("worth", { review, player, index }));
      } catch {
        return;
      }
    }
    this.drawWorst();
    if (key === `${this.player}/${this.index}`) this.drawChoices();
  }

  // Every decision of both sides, one after the other, for the list of the costliest.
  async weighAll() {
    const { review } = this.data;
    this.weighed = false;
    delete this.worst.dataset.weighed;
    await Promise.resolve(); // let the page show this view first
    for (const player of [1, 2]) {
      for (let index = 0; index < this.data.sides[player].length; index++) {
        if (this.page.view !== this || this.data.review !== review) return;
        await this.weigh(player, index);
      }
    }
    this.weighed = true;
    this.worst.dataset.weighed = "yes";
    this.drawWorst();
    this.drawChoices();
  }

  drawPosition() {
    const { sight, data, player } = this;
    const names = player === 1 ? data.names : [data.names[1], data.names[0]];
    this.title.textContent = `Turn ${sight.turn}${sight.kind === "switch" ? ": who comes in" : ""}`;
    this.stage.replaceChildren(
      h("section", { class: "side foe", "aria-label": "The other side" }, sideParts(sight.foe, sight.foe_active, names[1], "foe")),
      h("section", { class: "side own", "aria-label": "The side that decides" }, sideParts(sight.own, sight.own_active, names[0], "own")));
    const heard = this.list[this.index].heard;
    let last = null;
    for (const item of this.log.children) {
      const past = Number(item.dataset.line) < heard;
      item.classList.toggle("later", !past);
      item.classList.remove("now");
      if (past) last = item;
    }
    last?.classList.add("now");
    if (last) this.log.scrollTop = last.offsetTop - this.log.offsetTop - this.log.clientHeight / 2;
    this.drawChoices();
    this.choices.setAttribute("aria-busy", "false");
  }

  drawSteps() {
    const { data, player, index, list } = this;
    const button = (label, name, target) => h("button", { type: "button", class: "small", "aria-label": name, disabled: target < 0 || target >= list.length, onclick: () => this.go(player, target) }, label);
    const slider = h("input", { type: "range", min: 0, max: Math.max(0, list.length - 1), value: index, "aria-label": "Decision", oninput: (event) => this.go(player, Number(event.target.value)) });
    const sides = [1, 2].map((side) => h("button", { type: "button", class: "small toggle", "aria-pressed": String(side === player),
      onclick: () => { const turn = list[index]?.turn ?? 0; this.player = side; this.go(side, this.nearest((one) => one.turn <= turn)); } }, data.names[side - 1]));
    const focused = this.steps.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent : null;
    this.steps.replaceChildren(
      h("div", { class: "row wrap" }, h("span", { class: "muted" }, "Seen by"), sides,
        h("span", { class: "muted" }, list.length ? `decision ${index + 1} of ${list.length}` : "no decisions")),
      h("div", { class: "row" }, button("|◀", "First", index ? 0 : -1), button("◀", "Back", index - 1), slider, button("▶", "On", index + 1), button("▶|", "Last", index < list.length - 1 ? list.length - 1 : list.length)));
    if (focused) [...this.steps.querySelectorAll("button, input")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === focused)?.focus({ preventScroll: true });
  }

  drawCurve() {
    const { data, player } = this;
    const lines = [1, 2].map((side) => ({ key: side === player ? "own" : "foe", name: data.names[side - 1],
      points: [...data.sides[side].map((one) => [one.turn, one.win_chance]),
        ...(data.winner !== null && data.critic ? [[data.turns + 1, data.winner === side ? 1 : data.winner === 0 ? 0.5 : 0]] : [])] }));
    this.curve.replaceChildren(h("h2", {}, "Win chance"),
      h("p", { class: "muted" }, data.critic ? `As ${data.by} sees it from each side, with what that side knew. A click goes to a turn.` : `${data.by} has no critic; name another policy with --policy.`),
      chanceChart(lines, (turn) => this.go(this.player, this.nearest((one) => one.turn <= turn)), this.list[this.index]?.turn ?? null));
  }

  drawChoices() {
    const one = this.list[this.index];
    if (!one || !this.sight) return;
    const { worths, cost, why, source, exact, ending } = this.worths.get(`${this.player}/${this.index}`) ?? {};
    const best = worths ? Math.max(...Object.values(worths)) : null;
    const rows = one.shares.map(([choice, label, share]) => {
      const bar = h("span", { class: "hint-bar", "aria-hidden": "true" });
      bar.style.width = `${100 * share}%`;
      return h("tr", { class: choice === one.choice ? "played" : "" },
        h("td", {}, choice.startsWith("switch") ? `→ ${label}` : label, choice === one.choice ? h("span", { class: "chip" }, "played") : null),
        h("td", { class: "share" }, bar, h("span", {}, percent(share))),
        h("td", { class: "number" }, worths ? [percent(worths[choice], 1), worths[choice] === best ? " ★" : ""] : "–"));
    });
    const chance = one.win_chance === null ? "" : ` It sees a win chance of ${percent(one.win_chance)}.`;
    const hidden = one.choice ? "" : " The log does not show what was chosen here.";
    this.choices.replaceChildren(
      h("h2", {}, one.choice ? `${one.label} was played` : "The choice is hidden"),
      h("p", { class: "muted" }, `How ${this.data.by} would choose in this place, and what each choice is worth: ${source === "exact" ? "exact values, both teams being known" : "its own estimate one step ahead, both teams being known"}.${chance}${hidden}`),
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Choice", "Probability", "Worth"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows))),
      exact ? h("p", { class: "exact" }, h("span", { class: "chip" }, "exact"), ` Win chance ${percent(exact.value, 1)} if both sides play right: this side ${mixture(exact.own)}; the other ${mixture(exact.foe)}. A tie counts half; PP are unlimited.`)
        : ending === SOLVING ? h("p", { class: "muted" }, "The exact value is being worked out …")
        : /too large|sleep/.test(ending ?? "") ? h("p", { class: "muted" }, `No exact value: ${ending}.`) : "",
      cost === null || cost === undefined ? "" : h("p", {}, cost < 0.005 ? "Nothing better was to be had." : `It cost ${percent(cost, 1)} of win chance against the best.`),
      why ? h("p", { class: "muted" }, `Not weighed: ${why}.`) : "");
  }

  drawWorst() {
    const lists = [1, 2].map((player) => {
      const found = this.data.sides[player].map((one, index) => ({ one, index, cost: this.worths.get(`${player}/${index}`)?.cost ?? null }))
        .filter(({ cost }) => cost !== null && cost >= 0.005).sort((a, b) => b.cost - a.cost).slice(0, WORST);
      return h("div", {}, h("h3", {}, this.data.names[player - 1]), found.length ? h("ol", { class: "worst" }, found.map(({ one, index, cost }) =>
        h("li", {}, h("button", { type: "button", class: "small", onclick: () => this.go(player, index) }, `Turn ${one.turn}: ${one.label}`), ` −${percent(cost, 1)}`)))
        : h("p", { class: "muted" }, this.weighed ? "none that the estimate sees" : "…"));
    });
    this.worst.replaceChildren(h("h2", {}, "Costliest choices"),
      h("p", { class: "muted" }, `By ${this.data.by}'s own estimate, one step ahead; exactly where the last Pokémon of both sides are solved.${this.weighed ? "" : " Still weighing …"}`), h("div", { class: "two" }, lists));
  }

  drawTeams() {
    const { data } = this;
    if (data.exact) {
      this.teams.replaceChildren(h("p", { class: "muted" }, "A recording: both teams, every roll and every choice are known."));
      return;
    }
    const said = ({ source, turn }) => (source === "revealed" ? (turn ? `seen on turn ${turn}` : "seen at the start") : source);
    const team = (player) => {
      const text = h("textarea", { rows: 6, spellcheck: "false", "aria-label": `The team of ${data.names[player - 1]}` });
      const give = h("button", { type: "button", class: "small", onclick: () => this.give(player, text.value) }, "Use this team");
      return h("div", {}, h("h3", {}, data.names[player - 1]),
        h("ul", { class: "members" }, data.teams[player - 1].map((one) => h("li", {}, h("strong", {}, one.species), h("span", { class: `chip origin ${one.origin.source}` }, said(one.origin)),
          h("span", { class: "set" }, one.moves.map((move, place) => [place ? " · " : "", move.name, move.source === "revealed" ? "" : h("em", {}, ` (${move.source})`)]))))),
        h("details", {}, h("summary", {}, "I know this team"), h("div", { class: "field" }, text, give)));
    };
    this.teams.replaceChildren(h("h2", {}, "What the log hides"),
      h("p", { class: "muted" }, "A public log does not show what a player knew of the own team. It is filled in with what the battle reveals later; the rest is assumed as usual for the species. HP of the own team are known in percent only."),
      h("div", { class: "two" }, team(1), team(2)));
  }

  async give(player, text) {
    try {
      const answer = await this.page.link.ask("give_team", { review: this.data.review, player, paste: text });
      if (answer.is === "refused") this.page.trouble(answer.reasons.join(" "));
      else this.take(answer);
    } catch (error) {
      this.page.trouble(error.message);
    }
  }

  drawOnward() {
    const opponent = h("select", { "aria-label": "Opponent" }, this.page.welcome.opponents.map((name) => h("option", { value: name }, name)));
    const place = { review: this.data.review, player: this.player, index: this.index };
    const name = this.data.names[this.player - 1];
    const play = h("button", { type: "button", class: "primary", onclick: () => this.branch({ ...place, opponent: opponent.value }) }, "Play on from here");
    const edit = h("details", {}, h("summary", {}, "Change the position first"));
    edit.addEventListener("toggle", async () => {
      if (!edit.open || edit.querySelector("form")) return;
      try {
        const position = await this.page.link.ask("position", place);
        edit.append(this.editor(position, (changes) => this.branch({ ...place, opponent: opponent.value, changes })));
      } catch (error) {
        this.page.trouble(error.message);
      }
    });
    this.onward.replaceChildren(h("h2", {}, "Play on"),
      h("p", { class: "muted" }, `${name === "You" ? "Choose" : `You take the place of ${name}. Choose`} otherwise if you like. ${this.data.exact ? "Everything stands as it stood." : "Teams are as filled in; what lies on the Pokémon on the field but stages and screens begins anew."}`),
      h("div", { class: "row wrap" }, h("span", {}, "against"), h("span", { class: "narrow" }, opponent), play), edit);
  }

  editor(position, start) {
    const sides = position.sides.map((side, number) => {
      const front = h("select", { "aria-label": "On the field" }, side.party.map((one) => h("option", { value: one.species, selected: one.species === side.front }, one.species)));
      const members = side.party.map((one) => ({ one,
        hp: h("input", { type: "number", min: 0, max: one.full_hp, value: one.hp, "aria-label": `HP of ${one.species}` }),
        status: h("select", { "aria-label": `Status of ${one.species}` }, STATUSES.map((status) => h("option", { value: status, selected: status === one.status }, status || "healthy"))) }));
      const stages = STAGES.map((name) => ({ name, input: h("input", { type: "number", min: -6, max: 6, value: side.stages[name] ?? 0, "aria-label": `${name} stages` }) }));
      const conditions = CONDITIONS.map((name) => ({ name, input: h("input", { type: "checkbox", checked: side.conditions.includes(name) }) }));
      const element = h("div", { class: "edit-side" }, h("h3", {}, this.data.names[number]),
        h("label", { class: "field" }, h("span", {}, "On the field"), front),
        h("div", { class: "edit-members" }, members.map(({ one, hp, status }) => [h("span", {}, one.species), hp, h("span", { class: "muted" }, `of ${one.full_hp}`), status])),
        h("div", { class: "edit-stages" }, stages.map(({ name, input }) => h("label", {}, h("span", {}, name), input))),
        h("div", { class: "row wrap" }, conditions.map(({ name, input }) => h("label", { class: "check" }, input, name))));
      return { element, read: () => ({ front: front.value,
        party: members.map(({ one, hp, status }) => ({ species: one.species, hp: Number(hp.value), status: status.value })),
        stages: Object.fromEntries(stages.map(({ name, input }) => [name, Number(input.value)])),
        conditions: conditions.filter(({ input }) => input.checked).map(({ name }) => name) }) };
    });
    const form = h("form", { class: "editor" }, h("div", { class: "two" }, sides.map((side) => side.element)),
      h("p", { class: "muted" }, "Stages and screens are those of the Pokémon on the field. Confusion, Substitutes and locks end. A Pokémon on the field with 0 HP is replaced first."),
      h("button", { class: "primary", type: "submit" }, "Play on from this position"));
    form.addEventListener("submit", (event) => { event.preventDefault(); start({ sides: sides.map((side) => side.read()) }); });
    return form;
  }

  async branch(fields) {
    try {
      this.page.enter(await this.page.link.ask("branch", fields));
    } catch (error) {
      this.page.trouble(error.message);
    }
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const to = { ArrowLeft: this.index - 1, ArrowRight: this.index + 1, Home: 0, End: this.list.length - 1 }[event.key];
    if (to === undefined || to < 0 || to >= this.list.length) return;
    event.preventDefault();
    this.go(this.player, to);
  }
}

function mixture(shares) {
  return shares.filter(([, share]) => share > 0.0005).map(([label, share]) => `${label} ${percent(share, 1)}`).join(", ");
}

// On the first screen: open a log on the board.
export function openLog(page) {
  const file = h("input", { type: "file", "aria-label": "A log", accept: ".log,.json,.html,.txt" });
  const text = h("textarea", { rows: 4, spellcheck: "false", "aria-label": "Log text", placeholder: "|player|p1|…  or a replay's JSON" });
  const study = async (content) => {
    try {
      page.review(await page.link.ask("study", { text: content }));
    } catch (error) {
      page.trouble(error.message);
    }
  };
  file.addEventListener("change", async () => { if (file.files[0]) study(await file.files[0].text()); });
  return h("section", { class: "card" }, h("h2", {}, "Or review a battle"),
    h("p", { class: "muted" }, "A battle kept here, Showdown's log, or a replay's JSON or page."),
    h("label", { class: "field" }, h("span", {}, "File"), file),
    h("details", {}, h("summary", {}, "Paste it"), h("div", { class: "field" }, text, h("button", { type: "button", class: "small", onclick: () => study(text.value) }, "Review"))));
}
