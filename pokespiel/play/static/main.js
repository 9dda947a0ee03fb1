// The page: one link to the server and one view at a time; the battle's name is in the address, so that a reload
// resumes it.

import { address, h } from "./dom.js";
import { Link } from "./link.js";
import { BattleView } from "./battle.js";
import { ReviewView } from "./review.js";
import { setupView } from "./setup.js";

const main = document.getElementById("main");
const troubleBox = document.getElementById("trouble");

const page = {
  view: null,
  link: null,
  welcome: null,

  enter(state) {
    const hash = `#battle=${state.battle}`;
    if (location.hash !== hash) history.pushState(null, "", hash);
    this.show(new BattleView(this, state));
  },

  review(data, side = 1) {
    const hash = `#review=${data.review}&side=${side}`;
    if (location.hash !== hash) history.pushState(null, "", hash);
    this.show(new ReviewView(this, data));
  },

  async reopen() {
    try {
      const data = await this.link.ask("reopen", { review: address().get("review") });
      this.show(new ReviewView(this, data));
    } catch (error) {
      this.trouble(error.message);
      this.setup();
    }
  },

  async resume() {
    try {
      const state = await this.link.ask("resume", { battle: address().get("battle") });
      if (this.view instanceof BattleView && this.view.state.battle === state.battle) this.view.update(state);
      else this.show(new BattleView(this, state));
    } catch (error) {
      this.trouble(error.message);
      this.setup();
    }
  },

  setup() {
    this.view = null;
    main.replaceChildren(setupView(this));
    document.getElementById("where").textContent = "";
  },

  show(view) {
    this.view = view;
    main.replaceChildren(view.element);
    if (view instanceof BattleView) view.log.scrollTop = view.log.scrollHeight;
    document.getElementById("where").textContent = `${view.state.names[0]} against ${view.state.opponent}${view instanceof ReviewView ? ", reviewed" : ""}`;
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  },

  trouble(text) {
    troubleBox.textContent = text;
    troubleBox.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { troubleBox.hidden = true; }, 8000);
  },

  async route() {
    if (address().get("battle")) await this.resume();
    else if (address().get("review")) await this.reopen();
    else this.setup();
  },
};

page.link = new Link(
  (news) => {
    if (news.is === "battle" && page.view?.state?.battle === news.battle) page.view.update(news);
  },
  (open) => {
    document.getElementById("connection").textContent = open ? "" : "reconnecting …";
    if (open && page.view instanceof BattleView) page.resume();
  },
);

addEventListener("keydown", (event) => {
  if (event.target.closest?.("input, textarea, select")) return;
  page.view?.key?.(event);
});
addEventListener("popstate", () => page.route());

main.replaceChildren(h("p", { class: "muted" }, "Connecting …"));
page.welcome = await page.link.ask("welcome");
await page.route();
