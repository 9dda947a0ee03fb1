// One WebSocket per tab: each question gets its answer, news from other tabs goes to `onNews`, and a lost connection is
// restored.

const RETRY = 500;

export class Link {
  constructor(onNews, onState) {
    this.onNews = onNews;
    this.onState = onState;
    this.waiting = new Map();
    this.next = 1;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}${location.pathname.replace(/[^/]*$/, "")}ws`);
    this.ready = new Promise((resolve) => this.socket.addEventListener("open", resolve));
    this.socket.addEventListener("open", () => this.onState(true));
    this.socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => this.lost());
  }

  lost() {
    for (const { reject } of this.waiting.values()) reject(new Error("The connection was lost. Please try again."));
    this.waiting.clear();
    this.onState(false);
    setTimeout(() => this.open(), RETRY);
  }

  hear(answer) {
    const asked = this.waiting.get(answer.re);
    if (!asked) return this.onNews(answer);
    this.waiting.delete(answer.re);
    if (answer.is === "error") asked.reject(new Error(answer.text));
    else asked.resolve(answer);
  }

  async ask(what, fields = {}) {
    await this.ready;
    const re = this.next++;
    const answer = new Promise((resolve, reject) => this.waiting.set(re, { resolve, reject }));
    this.socket.send(JSON.stringify({ do: what, re, ...fields }));
    return answer;
  }
}
