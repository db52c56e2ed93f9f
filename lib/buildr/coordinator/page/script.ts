import { ansiSpans } from "../server/ansi.ts";
import { LogLines } from "../server/log_lines.ts";

/**
 * What makes a page live. Pages are made by the server, and parts of them with `data-live` are
 * taken from there again when something has changed: nothing is written twice. Only the log is the
 * script's own: chunks of lines are filled when they come near to what is seen.
 */
const PROGRAM = String.raw`
"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const make = (name, className, ...children) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
};
document.documentElement.classList.add("js");

// People are told in few words, by voice and by a note that goes away.
let sayTimer;
function say(text, isShown = false) {
  const line = $("#say");
  line.textContent = text;
  line.classList.toggle("shown", isShown);
  clearTimeout(sayTimer);
  if (isShown) sayTimer = setTimeout(() => { line.textContent = ""; line.classList.remove("shown"); }, 6000);
}

// Times that go on.
function span(ms) {
  if (ms < 60000) return (Math.floor(Math.max(0, ms) / 1000)) + " s";
  const s = Math.floor(ms / 1000), two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return Math.floor(s / 60) + " min " + two(s % 60) + " s";
  return Math.floor(s / 3600) + " h " + two(Math.floor(s / 60) % 60) + " min";
}
function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 5) return "just now";
  if (s < 120) return s + " s ago";
  if (s < 7200) return Math.floor(s / 60) + " min ago";
  if (s < 172800) return Math.floor(s / 3600) + " h ago";
  return Math.floor(s / 86400) + " days ago";
}
function tick() {
  const now = Date.now();
  const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  for (const element of document.querySelectorAll("[data-since]")) set(element, span(now - element.dataset.since));
  for (const element of document.querySelectorAll("[data-ago]")) set(element, ago(now - element.dataset.ago));
}
setInterval(tick, 1000);

// Writing: with a token where one is wanted.
function showActions(root = document) {
  for (const element of root.querySelectorAll(".actions, .tools")) element.hidden = false;
}
showActions();
async function askToken() {
  const dialog = $("#token"), input = $("#token-text");
  input.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue === "ok" ? input.value.trim() : undefined;
}
async function write(method, path) {
  for (;;) {
    const token = sessionStorage.getItem("buildr-token");
    const headers = token ? { authorization: "Bearer " + token } : {};
    const response = await fetch(path, { method, headers });
    if (response.status !== 401) return response;
    sessionStorage.removeItem("buildr-token");
    if (token) say("That token is not known", true);
    const next = await askToken();
    if (!next) return undefined;
    sessionStorage.setItem("buildr-token", next);
  }
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-post], [data-delete]");
  if (!button || button.disabled) return;
  const path = button.dataset.post ?? button.dataset.delete;
  button.disabled = true;
  try {
    const response = await write(button.dataset.post ? "POST" : "DELETE", path);
    if (response === undefined) return;
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) return say((answer.problems ?? ["It did not work"]).join("; "), true);
    if (button.dataset.then === "build" && answer.build) return location.assign("/builds/" + answer.build.id);
    say("Done", true);
    await refresh();
  } catch {
    say("The coordinator does not answer", true);
  } finally {
    button.disabled = false;
  }
});

// Parts of the page that the server makes again.
let refreshing, wantsRefresh = false;
function refresh() {
  wantsRefresh = true;
  refreshing ??= (async () => {
    while (wantsRefresh) {
      wantsRefresh = false;
      try { await refreshOnce(); } catch { setHealth(false); }
    }
  })().finally(() => refreshing = undefined);
  return refreshing;
}
async function refreshOnce() {
  const address = new URL(location.href);
  if (document.body.dataset.page === "build") address.searchParams.set("log", "none");
  const response = await fetch(address.pathname + address.search, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = $('[data-live="' + part.dataset.live + '"]', fresh);
    if (!next) continue;
    showActions(next);
    if (part.innerHTML === next.innerHTML) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
    const place = focused && focusPlace(focused);
    const open = [...part.querySelectorAll("details")].map((details) => details.open);
    part.replaceChildren(...next.childNodes);
    for (const name of Object.keys(next.dataset)) part.dataset[name] = next.dataset[name];
    part.querySelectorAll("details").forEach((details, index) => details.open = open[index] ?? false);
    if (place) [...part.querySelectorAll("a, button, summary, [tabindex]")].find((element) => focusPlace(element) === place)?.focus({ preventScroll: true });
  }
  tick();
}
function focusPlace(element) {
  return element.tagName + (element.getAttribute("href") ?? element.dataset.post ?? element.dataset.delete ?? element.textContent);
}
function setHealth(isUp) {
  if (isUp) return;
  const health = $('[data-live="health"]');
  health.replaceChildren(make("span", "bad", "the coordinator does not answer"));
}

// A list is made again when something has changed, and not while nobody looks.
function followChanges() {
  const source = new EventSource("/api/v1/changes");
  let timer, isFirst = true;
  const later = () => { timer ??= setTimeout(() => { timer = undefined; if (!document.hidden) refresh(); }, 150); };
  source.addEventListener("change", () => { if (isFirst) isFirst = false; else later(); });
  source.addEventListener("error", () => { isFirst = false; setHealth(false); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) later(); });
  setInterval(() => { if (!document.hidden) later(); }, 10000);
}

// The log.
const CHUNK = 200, LINE = 20;
class Log {
  constructor(section) {
    this.section = section;
    this.root = $("#lines");
    this.build = section.dataset.build;
    this.follow = $("#follow");
    this.reset();
    this.isFirst = true;
    this.find = { text: "", hits: [], at: -1, seen: 0 };
    this.watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const chunk = entry.target.chunk;
        chunk.near = entry.isIntersecting;
        this.fill(chunk);
      }
    }, { rootMargin: "1200px 0px" });
    this.wire();
  }
  reset() {
    this.lines = new LogLines();
    this.all = [];
    this.stages = new Map();
    this.attempt = 0;
    this.watcher?.disconnect();
  }
  stage(id) {
    let stage = this.stages.get(id);
    if (stage) return stage;
    const state = make("span", "state"), body = make("div", "lines");
    const details = make("details", "stage", make("summary", "", id === "" ? "agent" : id, state), body);
    details.open = true;
    details.id = "stage-" + encodeURIComponent(id);
    // Longer lines scroll sideways, also by keys.
    body.tabIndex = 0;
    body.setAttribute("role", "group");
    body.setAttribute("aria-label", "Lines of " + (id === "" ? "the agent" : id));
    stage = { id, details, state, body, lines: [], chunks: [], style: {}, since: undefined };
    this.stages.set(id, stage);
    if (this.isFirst) { this.isFirst = false; this.root.replaceChildren(); }
    this.root.append(details);
    return stage;
  }
  // Many lines at once; what is near is drawn once.
  add(lines) {
    const touched = new Set();
    for (const line of lines) {
      const stage = this.stage(line.stage);
      const entry = { n: line.n, text: line.text, before: stage.style, stage, place: stage.lines.length };
      if (line.text.includes("\x1b") || stage.isStyled) {
        stage.style = ansiSpans(line.text, stage.style).after;
        stage.isStyled = Object.keys(stage.style).length > 0;
      }
      stage.lines.push(entry);
      this.all[line.n] = entry;
      let chunk = stage.chunks.at(-1);
      if (!chunk || chunk.count === CHUNK) {
        chunk = { stage, from: entry.place, count: 0, near: false, shown: 0, element: make("div", "chunk") };
        chunk.element.chunk = chunk;
        stage.chunks.push(chunk);
        stage.body.append(chunk.element);
        this.watcher.observe(chunk.element);
      }
      chunk.count++;
      touched.add(chunk);
    }
    for (const chunk of touched) this.fill(chunk);
  }
  fill(chunk) {
    const { element, stage } = chunk;
    if (!chunk.near) {
      if (chunk.shown > 0) element.replaceChildren();
      chunk.shown = 0;
      element.style.height = chunk.count * LINE + "px";
      return;
    }
    element.style.height = "auto";
    const rows = [];
    for (let at = chunk.shown; at < chunk.count; at++) rows.push(this.row(stage.lines[chunk.from + at]));
    element.append(...rows);
    chunk.shown = chunk.count;
  }
  row(entry) {
    const link = make("a", "", String(entry.n));
    link.href = "#L" + entry.n;
    link.setAttribute("aria-label", "Line " + entry.n);
    const text = make("span");
    const row = make("div", "l", link, text);
    row.id = "L" + entry.n;
    entry.row = new WeakRef(row);
    this.draw(entry, row, text);
    return row;
  }
  draw(entry, row, text = row.lastChild) {
    const { text: needle } = this.find;
    const parts = ansiSpans(entry.text, entry.before).spans;
    const whole = parts.map((part) => part.text).join("");
    const marks = [];
    if (needle !== "") {
      const lower = whole.toLowerCase();
      for (let at = lower.indexOf(needle); at >= 0 && lower.length === whole.length; at = lower.indexOf(needle, at + needle.length)) marks.push([at, at + needle.length]);
    }
    text.replaceChildren();
    let at = 0;
    for (const part of parts) {
      const end = at + part.text.length;
      const inside = marks.filter(([from, to]) => from < end && to > at);
      const pieces = [];
      let done = at;
      for (const [from, to] of inside) {
        const a = Math.max(from, at), b = Math.min(to, end);
        if (a > done) pieces.push(whole.slice(done, a));
        pieces.push(make("mark", "", whole.slice(a, b)));
        done = b;
      }
      if (done < end) pieces.push(whole.slice(done, end));
      text.append(...this.styled(part.style, pieces));
      at = end;
    }
    row.classList.toggle("on", this.isLinked(entry.n));
    row.classList.toggle("hit", this.find.hits[this.find.at] === entry.n);
  }
  styled(style, pieces) {
    const { f, b, a = "" } = style;
    if (f === undefined && b === undefined && a === "") return pieces;
    const names = [...a].map((letter) => "a" + letter);
    if (typeof f === "number") names.push("f" + f);
    if (typeof b === "number") names.push("b" + b);
    const element = make("i", names.join(" "), ...pieces);
    if (typeof f === "string") element.style.color = f;
    if (typeof b === "string") element.style.background = b;
    return [element];
  }
  // What has been written of lines that are not complete: progress, a question.
  showOpen() {
    const open = new Map(this.lines.open().map((line) => [line.stage, line.text]));
    for (const id of open.keys()) this.stage(id);
    for (const stage of this.stages.values()) {
      const text = open.get(stage.id);
      if (text === undefined) {
        stage.open?.remove();
        stage.open = undefined;
        continue;
      }
      stage.open ??= make("div", "l open", make("a"), make("span"));
      const parts = ansiSpans(text, stage.style).spans;
      stage.open.lastChild.replaceChildren(...parts.flatMap((part) => this.styled(part.style, [part.text])));
      stage.body.append(stage.open);
    }
  }
  redraw() {
    for (const row of this.root.querySelectorAll(".l")) {
      const entry = this.all[Number(row.id.slice(1))];
      if (entry) this.draw(entry, row);
    }
  }
  // What the address names.
  linked() {
    const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);
    return found ? [Number(found[1]), Number(found[2] ?? found[1])] : undefined;
  }
  isLinked(n) {
    const range = this.linked();
    return range !== undefined && n >= range[0] && n <= range[1];
  }
  goLinked() {
    const range = this.linked();
    if (range === undefined || !this.all[range[0]]) return false;
    this.follow.checked = false;
    this.reveal(range[0]);
    this.redraw();
    return true;
  }
  reveal(n) {
    const entry = this.all[n];
    if (!entry) return;
    const { stage } = entry;
    stage.details.open = true;
    const chunk = stage.chunks[Math.floor(entry.place / CHUNK)];
    chunk.near = true;
    this.fill(chunk);
    const row = chunk.element.children[entry.place - chunk.from];
    row?.scrollIntoView({ block: "center", inline: "nearest" });
  }
  toEnd() {
    let last;
    for (const stage of this.stages.values()) if (stage.details.open && stage.lines.length > 0) last = stage;
    if (this.latest && this.latest.details.open) last = this.latest;
    if (!last) return;
    const rect = last.body.getBoundingClientRect();
    const target = window.scrollY + rect.bottom - window.innerHeight + 40;
    if (target > window.scrollY || rect.bottom < 0) { this.isOwnScroll = true; window.scrollTo(0, target); }
  }
  wire() {
    addEventListener("hashchange", () => { this.goLinked() || this.redraw(); this.openStage(); });
    let lastY = 0;
    addEventListener("scroll", () => {
      if (window.scrollY < lastY - 4 && !this.isOwnScroll) this.follow.checked = false;
      this.isOwnScroll = false;
      lastY = window.scrollY;
    }, { passive: true });
    this.follow.addEventListener("change", () => { if (this.follow.checked) this.toEnd(); });
    const fold = $("#fold");
    fold.addEventListener("click", () => {
      const isOpen = fold.textContent === "Fold all";
      for (const stage of this.stages.values()) stage.details.open = !isOpen;
      fold.textContent = isOpen ? "Unfold all" : "Fold all";
    });
    this.root.addEventListener("click", (event) => {
      const link = event.target.closest(".l > a");
      const range = this.linked();
      if (!link || !event.shiftKey || !range) return;
      event.preventDefault();
      const n = Number(link.textContent);
      location.hash = "#L" + Math.min(n, range[0]) + "-L" + Math.max(n, range[0]);
    });
    const input = $("#find");
    let timer;
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => this.search(input.value), 120); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); clearTimeout(timer); if (this.find.text !== input.value.toLowerCase()) this.search(input.value); else this.step(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape") { input.value = ""; this.search(""); input.blur(); }
    });
    $("#find-on").addEventListener("click", () => this.step(1));
    $("#find-back").addEventListener("click", () => this.step(-1));
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, dialog")) return;
      event.preventDefault();
      input.focus();
    });
  }
  openStage() {
    const details = location.hash.startsWith("#stage-") && document.getElementById(location.hash.slice(1));
    if (details) details.open = true;
  }
  search(text) {
    this.find = { text: text.toLowerCase(), hits: [], at: -1, seen: 0 };
    this.searchNew();
    if (this.find.hits.length > 0) this.step(1); else this.redraw();
  }
  searchNew() {
    const { find } = this;
    if (find.text === "") { $("#found").textContent = ""; return; }
    for (find.seen++; find.seen < this.all.length; find.seen++) {
      const entry = this.all[find.seen];
      if (!entry) continue;
      const plain = entry.text.includes("\x1b") || entry.text.includes("\r") ? ansiSpans(entry.text).spans.map((part) => part.text).join("") : entry.text;
      if (plain.toLowerCase().includes(find.text)) find.hits.push(entry.n);
    }
    find.seen = this.all.length - 1;
    const { at, hits } = find;
    $("#found").textContent = hits.length === 0 ? "no match" : (at + 1) + " of " + hits.length;
  }
  step(by) {
    const { find } = this;
    if (find.hits.length === 0) return;
    find.at = (find.at + by + find.hits.length) % find.hits.length;
    if (find.at < 0) find.at = 0;
    this.follow.checked = false;
    this.reveal(find.hits[find.at]);
    this.redraw();
    $("#found").textContent = (find.at + 1) + " of " + find.hits.length;
  }
  // Events: gathered, and drawn once for each picture.
  start() {
    this.follow.checked = $('[data-live="head"]').dataset.final !== "yes" && !location.hash;
    const source = new EventSource("/api/v1/builds/" + this.build + "/events?after=0");
    let waiting = [], isDrawing = false, hasGone = false;
    const draw = () => {
      isDrawing = false;
      const events = waiting;
      waiting = [];
      this.take(events);
      if (!hasGone) hasGone = this.goLinked();
      if (this.find.text !== "") this.searchNew();
      if (this.follow.checked) this.toEnd();
    };
    source.addEventListener("message", (message) => {
      waiting.push(JSON.parse(message.data));
      if (isDrawing) return;
      isDrawing = true;
      // A page that nobody sees gets no pictures.
      if (document.hidden) setTimeout(draw, 200); else requestAnimationFrame(draw);
    });
    source.addEventListener("end", () => { source.close(); this.isOver = true; draw(); this.openStage(); refresh(); });
    source.addEventListener("error", () => { if (!this.isOver) setHealth(false); });
    // A build that waits is told about by its state alone.
    setInterval(() => { if (!this.isOver && !document.hidden) refresh(); }, 5000);
  }
  take(events) {
    const lines = [];
    let hasNews = false;
    const flush = () => { if (lines.length > 0) this.add(lines.splice(0)); };
    for (const event of events) {
      if (event.attempt > this.attempt) {
        flush();
        if (this.attempt > 0) { this.reset(); this.root.replaceChildren(); say("Attempt " + event.attempt + " begins"); }
        this.attempt = event.attempt;
      }
      if (event.type === "log") {
        // Not push(...): a log of many lines has more than a call may have arguments.
        for (const line of this.lines.add(event.stage ?? "", event.data ?? "")) lines.push(line);
        this.latestId = event.stage ?? "";
        continue;
      }
      hasNews = true;
      if (event.type === "stage" && event.stage !== undefined) {
        const isBegun = event.status !== "waiting" && event.status !== "skipped";
        if (!isBegun && !this.stages.has(event.stage)) continue;
        flush();
        const stage = this.stage(event.stage);
        if (event.status === "running") stage.since = event.ts;
        const time = stage.since === undefined || event.status === "running" ? "" : " " + span(event.ts - stage.since);
        stage.state.textContent = event.status + time;
        if (event.status === "failed" || event.status === "error" || event.status === "timeout") say("Stage " + event.stage + ": " + event.status);
      }
      if (event.type === "finished") {
        for (const line of this.lines.flush()) lines.push(line);
        if (event.status) say("The build has " + (event.status === "passed" ? "passed" : "ended: " + event.status));
      }
    }
    flush();
    this.showOpen();
    this.latest = this.stages.get(this.latestId);
    if (hasNews) { clearTimeout(this.refreshTimer); this.refreshTimer = setTimeout(refresh, 100); }
  }
}

if (document.body.dataset.page === "build") {
  const section = $("#log");
  if (section) { window.buildLog = new Log(section); window.buildLog.start(); }
} else if (document.body.dataset.page === "list") followChanges();
`;

/** The script of all pages. */
export function pageScript(): string {
  return `const LogLines = (${LogLines});\nconst ansiSpans = (${ansiSpans});\n${PROGRAM.trim()}\n`;
}
