// Puts the parts of the page together.

import { API } from "./api.js";
import { BalancePanel } from "./balance.js";
import { ClassesPanel } from "./classes.js";
import { ConfusionPanel } from "./confusion.js";
import { byId, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { showFigures } from "./figures.js";
import { time } from "./format.js";
import { LoadPanels } from "./load.js";
import { linkTo, onChoice, routedModel, showModels } from "./model-list.js";
import { foldPanels } from "./sections.js";
import { showState } from "./state.js";
import { StreamPanel } from "./stream.js";
import { askForToken } from "./token.js";
import { TrialPanel } from "./trial.js";

const STATES = {
  live: "Live",
  polling: "Every 2 s",
  paused: "Paused while hidden",
  waiting: "Not ready",
  refused: "Refused",
  locked: "Asks for a token",
  offline: "No answer",
};

foldPanels();

const api = new API();
const stream = new StreamPanel();
const classes = new ClassesPanel(api, () => feed.hurry());
const confusion = new ConfusionPanel();
const balance = new BalancePanel();
const load = new LoadPanels();
const trial = new TrialPanel(api);
let models = null;
/** The model that the panels show; null where they show none. */
let shown = null;

/** The model that the address asks for, else the first there is, whether or not it could be recovered. */
const wanted = () => routedModel() ?? (models?.find(({ version }) => version !== null) ?? models?.[0])?.name ?? null;

function showBlank(title, text, code = "") {
  byId("model").hidden = true;
  byId("blank").hidden = false;
  setText(byId("blank-title"), title);
  setText(byId("blank-text"), text);
  setText(byId("blank-code"), code);
  byId("blank-code").hidden = code === "";
  shown = null;
}

function notice(kind, text, action = false) {
  const element = byId("notice");
  element.hidden = text === "";
  element.dataset.kind = kind;
  setText(byId("notice-text"), text);
  byId("notice-action").hidden = !action;
}

const feed = new Feed(api, {
  wanted,

  models(list) {
    models = list;
    const name = wanted();
    showModels(list, name);
    if (name === null) {
      const learn = `curl ${server()}v1/models/fruit/learn --json '{\n  "features": [[0.9, 0.1, 0.3], [0.2, 0.9, 0.9]],\n  "labels": ["apple", "banana"]}'`;
      showBlank("No models yet", "Make one and let it learn; it will appear here.", `curl -X PUT ${server()}v1/models/fruit --json '{"dimension": 3}'\n${learn}`);
      document.title = "Accrue";
    }
  },

  details(details) {
    if (details.name !== wanted()) return;
    if (shown !== details.name) {
      load.begin(details.name);
      shown = details.name;
      document.title = `${details.name} · Accrue`;
    }
    byId("blank").hidden = true;
    byId("model").hidden = false;
    showFigures(details);
    stream.add(details);
    classes.show(details);
    confusion.show(details);
    balance.show(details);
    showState(details);
    trial.show(details);
    byId("model").dataset.version = details.version;
    if (details.state === "recovering") notice("warn", "Being recovered: it predicts, but does not learn yet.");
    else if (details.learning_stopped) notice("bad", `Learning has stopped: ${details.learning_stopped}`);
    else if (details.ill_conditioned) notice("warn", "The weights are ill-conditioned: see State.");
    else if (details.inexact) notice("warn", "The sums have lost digits to rows that are gone: see State.");
    else notice("", "");
  },

  history: (history) => stream.begin(history),

  traffic(name, traffic) {
    if (name === shown) load.recall(traffic);
  },

  metrics(reading, refusal) {
    if (reading) load.add(reading);
    else load.fail(refusal);
  },

  missing(name, refusal) {
    notice("", "");
    const others = (models ?? []).some((model) => model.name !== name) ? " The models that are there are in the list." : "";
    showBlank(refusal.status === 404 ? `No model “${name}”` : `“${name}” is not there`, `The server says: ${refusal.message}.${others}`);
    document.title = "Accrue";
  },

  status(state, facts = {}) {
    byId("link-state").dataset.state = state;
    setText(byId("link-text"), STATES[state]);
    const isBroken = ["offline", "waiting", "refused", "locked"].includes(state);
    byId("model").toggleAttribute("data-stale", isBroken);
    if (!isBroken) {
      // Only what was said of the connection; what the details say of the model stays.
      if (!byId("notice-action").hidden) notice("", "");
      return;
    }
    load.interrupt();
    const since = facts.since ? ` since ${time(facts.since)}` : "";
    if (state === "offline") notice("bad", `The server has not answered${since}. Trying again${shown ? "; what is below is as it was" : ""}.`, true);
    else if (state === "waiting") notice("warn", `The server is not ready${since}: ${facts.detail}. Trying again.`, true);
    else if (state === "refused") notice("bad", `The server refuses (${facts.status})${since}: ${facts.detail}`, true);
    if (!shown) showBlank("Nothing to show yet", "The page goes on by itself when the server answers.");
  },

  async token(refused) {
    api.token = await askForToken(refused ? "The server does not know this token." : "");
  },
});

/** The address of the server, as a user would write it. */
const server = () => new URL(".", document.baseURI).href;

function choose(name) {
  location.hash = linkTo(name);
}

onChoice(choose);
byId("notice-action").addEventListener("click", () => feed.hurry());

window.addEventListener("hashchange", () => {
  if (location.hash !== "" && !location.hash.startsWith("#/")) return;
  showModels(models ?? [], wanted());
  if (wanted() !== shown) {
    notice("", "");
    byId("main").scrollTo(0, 0);
    window.scrollTo(0, 0);
  }
  feed.hurry();
});

byId("skip").addEventListener("click", (event) => {
  // The address names the model: the link must not change it.
  event.preventDefault();
  byId("main").focus();
});

// What the page itself cannot do is said too.
window.addEventListener("unhandledrejection", ({ reason }) => notice("bad", `This page has failed: ${reason?.message ?? reason}. Reload it.`));

if (document.hidden) feed.pause();
else feed.start();
