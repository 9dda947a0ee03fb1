// A battle: both sides, the choices, the log.

import { h, percent } from "./dom.js";
import { badge, damageBar, damageText, factorText, hpBar, hpText, statusChip, typeChip } from "./parts.js";
import { memberList, sideParts } from "./field.js";
import { endingView } from "./ending.js";

const RECENT = 8; // sentences shown after a reload

export class BattleView {
  constructor(page, state) {
    this.page = page;
    this.told = [];
    this.hintsOn = sessionStorage.getItem("hints") === "on";
    this.hints = null;
    this.build();
    this.update(state);
  }

  build() {
    this.turn = h("h1", { class: "turn" });
    this.foe = h("section", { class: "side foe", "aria-label": "The foe" });
    this.own = h("section", { class: "side own", "aria-label": "You" });
    this.actions = h("section", { class: "actions", "aria-label": "Your choices" });
    this.known = h("section", { class: "card known" });
    this.recent = h("ol", { class: "recent log", "aria-hidden": "true" }); // on small screens, where the log is far below
    this.log = h("ol", { class: "log", role: "log", "aria-live": "polite", "aria-label": "What happened", tabindex: 0 });
    this.hintButton = h("button", { class: "small toggle", type: "button", "aria-pressed": "false", onclick: () => this.toggleHints() }, "Hints ", h("kbd", {}, "H"));
    this.giveUp = h("button", { class: "small", type: "button", onclick: () => this.forfeit() }, "Forfeit");
    this.element = h("div", { class: "battle" },
      h("div", { class: "head" }, this.turn, h("div", { class: "row" }, this.hintButton, this.giveUp)),
      h("div", { class: "stage-and-choices" }, h("div", { class: "stage" }, this.foe, this.own), this.recent, this.actions, this.known),
      h("aside", { class: "card story", "aria-label": "Log" }, h("h2", {}, "Log"), this.log));
  }

  update(state) {
    const { told, ...rest } = state;
    if (state.from !== this.told.length && state.from !== 0) return this.page.resume();
    if (state.from === 0) this.log.replaceChildren();
    this.told = state.from === 0 ? told : [...this.told, ...told];
    this.state = rest;
    this.hints = null;
    this.write(told);
    this.draw();
    if (this.hintsOn && !state.outcome) this.fetchHints();
    return undefined;
  }

  draw() {
    const { sight, names, outcome } = this.state;
    this.turn.textContent = outcome ? `Turn ${sight.turn}` : `Turn ${sight.turn}${sight.kind === "switch" ? ": send in the next" : ""}`;
    this.foe.replaceChildren(...sideParts(sight.foe, sight.foe_active, names[1], "foe"));
    this.own.replaceChildren(...sideParts(sight.own, sight.own_active, names[0], "own"));
    this.hintButton.hidden = this.giveUp.hidden = Boolean(outcome);
    this.hintButton.setAttribute("aria-pressed", String(this.hintsOn));
    const focused = this.actions.contains(document.activeElement) || document.activeElement === document.body;
    if (outcome) this.actions.replaceChildren(endingView(this.page, this.state));
    else this.actions.replaceChildren(...this.choices());
    if (focused && !outcome) this.actions.querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
    this.drawKnown();
  }

  choices() {
    const { sight } = this.state;
    const moves = sight.actions.filter((action) => action.choice.startsWith("move"));
    const note = sight.kind === "switch" ? "Choose who comes in." : sight.trapped ? "You cannot switch now."
      : sight.maybe_locked ? "You may be held by a trap: any move then does nothing." : "";
    return [
      moves.length ? h("h2", { class: "unseen" }, "Moves") : null,
      moves.length ? h("div", { class: "moves" }, moves.map((move, index) => this.moveButton(move, index))) : null,
      note ? h("p", { class: "muted note" }, note) : null,
      h("h2", { class: "unseen" }, "Your team"),
      h("div", { class: "bench" }, sight.own.map((one, place) => (place || sight.kind === "switch") && this.benchButton(one, place))),
    ].filter(Boolean);
  }

  moveButton(move, index) {
    const foe = this.state.sight.foe.find((one) => one.active);
    const facts = [move.category, move.power ? `${move.power} power` : null, move.accuracy ? `${Math.round(move.chance)} % to hit` : null];
    const damage = damageText(move), factor = factorText(move);
    const knocksOut = move.damage?.knock_out ? ` · knocks out ${Math.round(move.damage.knock_out)} %` : "";
    return h("button", { type: "button", class: `move edge-${move.type}`, disabled: !move.legal, "data-choice": move.choice,
      "aria-keyshortcuts": index + 1, onclick: () => this.choose(move.choice) },
    h("span", { class: "line" }, h("kbd", { "aria-hidden": "true" }, index + 1), h("strong", {}, move.label), typeChip(move.type),
      move.pp !== null && h("span", { class: "pp" }, `${move.pp}/${move.full_pp} PP`)),
    h("span", { class: "facts" }, [...facts.filter(Boolean), move.disabled ? "disabled" : null, move.effect].filter(Boolean).join(" · ")),
    damage && h("span", { class: "damage" }, h("b", {}, damage), factor && h("span", { class: "factor" }, ` ${factor}`), h("span", {}, knocksOut)),
    foe && damageBar(move, foe.percent), this.hint(move.choice));
  }

  benchButton(one, place) {
    const choice = `switch ${place + 1}`;
    const legal = this.state.sight.actions.some((action) => action.choice === choice);
    const takes = one.takes ? `known moves do up to ${Math.round(one.takes)} % to it` : "";
    if (!place) return null;
    return h("button", { type: "button", class: "bench-one", disabled: !legal, "data-choice": choice, title: takes,
      "aria-keyshortcuts": `Shift+${place + 1}`, onclick: () => this.choose(choice) },
    badge(one), h("span", { class: "bench-text" },
      h("span", { class: "line" }, h("strong", {}, one.name), statusChip(one), h("kbd", { "aria-hidden": "true" }, `⇧${place + 1}`)),
      h("span", { class: "bar" }, hpBar(one, `own${one.species}`, `HP of ${one.name}`), h("span", { class: "points" }, hpText(one))),
      takes && !one.fainted ? h("span", { class: "facts" }, `takes ${Math.round(one.takes)} %`) : null), this.hint(choice));
  }

  hint(choice) {
    if (!this.hints || !(choice in this.hints.shares)) return null;
    const share = this.hints.shares[choice];
    const bar = h("span", { class: "hint-bar", "aria-hidden": "true" });
    bar.style.width = `${100 * share}%`;
    return h("span", { class: `hint ${share === Math.max(...Object.values(this.hints.shares)) ? "best" : ""}` }, bar,
      h("span", {}, `${this.hints.by}: ${percent(share)}`));
  }

  drawKnown() {
    const { sight } = this.state;
    const open = this.known.querySelector("details")?.open ?? false;
    const hidden = sight.foe.filter((one) => !one.species).length;
    this.known.replaceChildren(h("details", { open }, h("summary", {}, "Both teams, as far as you know"),
      h("h3", {}, "The foe's"), memberList(sight.foe, true), hidden ? h("p", { class: "muted" }, `${hidden} not seen yet`) : null,
      h("h3", {}, "Yours"), memberList(sight.own, false)));
  }

  write(told) {
    const bottom = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    const item = ([kind, text]) => h("li", { class: kind }, text);
    this.log.append(...told.map(item));
    this.recent.replaceChildren(...(told.length < this.told.length ? told : told.slice(-RECENT)).filter(([kind]) => kind !== "turn").map(item));
    if (bottom || told.length === this.told.length) this.log.scrollTop = this.log.scrollHeight;
  }

  async choose(choice) {
    if (this.busy || this.state.outcome) return;
    this.busy = true;
    this.actions.setAttribute("aria-busy", "true");
    try {
      this.update(await this.page.link.ask("choose", { battle: this.state.battle, choice, step: this.state.step }));
    } catch (error) {
      this.page.trouble(error.message);
    }
    this.busy = false;
    this.actions.removeAttribute("aria-busy");
  }

  async forfeit() {
    if (this.giveUp.dataset.sure !== "yes") {
      this.giveUp.dataset.sure = "yes";
      this.giveUp.textContent = "Really forfeit?";
      setTimeout(() => { this.giveUp.dataset.sure = ""; this.giveUp.textContent = "Forfeit"; }, 4000);
      return;
    }
    try {
      this.update(await this.page.link.ask("forfeit", { battle: this.state.battle }));
    } catch (error) {
      this.page.trouble(error.message);
    }
  }

  toggleHints() {
    this.hintsOn = !this.hintsOn;
    sessionStorage.setItem("hints", this.hintsOn ? "on" : "off");
    this.hints = null;
    this.showChance();
    this.draw();
    if (this.hintsOn) this.fetchHints();
  }

  async fetchHints() {
    const { battle, step } = this.state;
    try {
      const hints = await this.page.link.ask("hints", { battle });
      if (hints.step !== step || this.state.step !== step) return;
      this.hints = hints;
      this.draw();
      this.showChance();
    } catch (error) {
      this.page.trouble(error.message);
    }
  }

  showChance() {
    const chance = this.hints?.win_chance ?? null;
    this.own.querySelector(".chance")?.remove();
    if (chance === null) return;
    this.own.querySelector(".team").append(h("span", { class: "chance" }, `win chance ${percent(chance)}`));
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.state.outcome) return;
    const digit = /^(Digit|Numpad)([1-6])$/.exec(event.code)?.[2];
    if (digit) {
      const switches = event.shiftKey || this.state.sight.kind === "switch";
      const choice = `${switches ? "switch" : "move"} ${digit}`;
      if (this.state.sight.actions.some((action) => action.choice === choice && action.legal)) {
        event.preventDefault();
        this.choose(choice);
      }
    } else if (event.key.toLowerCase() === "h" && !event.shiftKey) {
      this.toggleHints();
    }
  }
}
