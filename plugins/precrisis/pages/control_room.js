// Keeps the wall screen fresh, says when it is not, and lets the arrow keys walk the queue.
"use strict";

const REFRESH_MS = 5000;
const STALE_MS = 20000; // four answers missed
const now = document.getElementById("now");
const stale = document.getElementById("stale");
let answeredAt = Date.now();
let isSignedOut = false;

async function refresh() {
  try {
    const answer = await fetch("control-room/now", { cache: "no-store", signal: AbortSignal.timeout(15000) });
    isSignedOut = answer.status === 401 || answer.status === 403;
    if (answer.ok) {
      replace(await answer.text());
      answeredAt = Date.now();
    }
  } catch {
    // The server is away: the banner says so, and the next try follows.
  }
  tell();
  setTimeout(refresh, REFRESH_MS);
}

function replace(text) {
  const chosen = document.activeElement?.dataset?.alert;
  const scrolled = now.querySelector("main")?.scrollTop ?? 0;
  const before = ids();
  now.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  now.querySelector("main").scrollTop = scrolled;
  links().find((link) => link.dataset.alert === chosen)?.focus({ preventScroll: true });
  if (ids().some((id) => !before.includes(id))) {
    document.getElementById("news").textContent = now.querySelector(".count").textContent;
  }
}

function tell() {
  const isStale = isSignedOut || Date.now() - answeredAt > STALE_MS;
  document.body.classList.toggle("stale", isStale);
  stale.hidden = !isStale;
  const words = isSignedOut ? document.body.dataset.signedOut : document.body.dataset.stale;
  const since = new Date(answeredAt).toLocaleTimeString(document.documentElement.lang, { timeZone: document.body.dataset.zone });
  const text = isStale ? `${words} ${since}` : "";
  if (stale.textContent !== text) stale.textContent = text;
}

const links = () => [...now.querySelectorAll("#queue a")];
const ids = () => links().map((link) => link.dataset.alert);

document.addEventListener("keydown", (event) => {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || !all[to]) return;
  event.preventDefault();
  all[to].focus();
});

document.addEventListener("focusin", mark);
document.addEventListener("focusout", mark);

function mark() {
  const chosen = document.activeElement?.dataset?.alert;
  for (const pin of now.querySelectorAll(".pin")) {
    pin.classList.toggle("chosen", Boolean(chosen) && pin.dataset.alerts.split(" ").includes(chosen));
  }
}

setInterval(tell, 1000);
setTimeout(refresh, REFRESH_MS);
