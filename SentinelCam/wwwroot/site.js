// Updates pages in place. Every page works without it.
const notice = document.getElementById("notice");

// Errors. The server's own text arrives as a fragment for #notice. For any other answer, such as a proxy's, the status is shown.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  // An automatic request must not scroll the page to its error
  if (xhr.status >= 400 && requestConfig.elt.matches("#live, [data-while-seen]")) {
    event.detail.swapOverride = "innerHTML";
  }
  if (xhr.status >= 400 && xhr.status !== 401 && !xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = false;
    say(`That did not work (status ${xhr.status}). Reload the page and try again.`);
  }
});

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    fail(event.detail.elt);
    say("SentinelCam cannot be reached. Check the network and try again.");
  });
}

// An error is removed once the element whose request failed succeeds. A request that was replaced by another counts as neither.
let failed;
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (event.detail.failed) {
    fail(elt);
  } else if (successful && elt === failed && notice.querySelector(".problem")) {
    notice.replaceChildren();
  }
});

function fail(elt) {
  failed = elt;
  // The open viewer would cover the error
  if (viewer?.contains(elt)) {
    viewer.close();
  }
}

// A live picture keeps the camera open, so it is only refreshed while the page is visible
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.hasAttribute("data-while-seen")) {
    event.preventDefault();
  }
});

function say(text) {
  if (notice.textContent === text) {
    return;
  }
  const line = document.createElement("p");
  line.className = "problem";
  line.textContent = text;
  notice.replaceChildren(line);
}

// Leaves empty fields out of the address, so that it makes a good bookmark
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get") {
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") {
        event.detail.formData.delete(name);
      }
    }
    // Days are those of the browser's zone
    if (event.detail.elt.matches(".filter") && (event.detail.formData.has("From") || event.detail.formData.has("To"))) {
      event.detail.formData.set("Zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
    }
  }
});

// Typing in the search, or repeating a search, adds no step to the history
document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  const { history, requestConfig } = event.detail;
  if (requestConfig.triggeringEvent?.type === "input" || history.path === location.pathname + location.search) {
    history.type = "replace";
  }
});

// The menu closes on Escape, and when the focus or a click leaves it
const menu = document.querySelector(".menu");
menu?.addEventListener("focusout", (event) => (menu.open &&= !event.relatedTarget || menu.contains(event.relatedTarget)));
document.addEventListener("click", (event) => menu?.contains(event.target) || menu?.removeAttribute("open"));
menu?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Times in the browser's zone, worded as the server words them; the exact UTC time stays in the title
const two = (number) => String(number).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dayOf(at) {
  const now = new Date();
  const days = (Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) - Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())) / 86400000;
  const day = `${at.getDate()} ${months[at.getMonth()]}`;
  return { "0": "today", "-1": "yesterday", "1": "tomorrow" }[days] ?? (at.getFullYear() === now.getFullYear() ? day : `${day} ${at.getFullYear()}`);
}

// How long ago, counted from the age that the server gave, because its clock may differ from the browser's
function agoOf(time) {
  time.began ??= performance.now() - 1000 * Number(time.dataset.ago);
  const minutes = Math.floor((performance.now() - time.began) / 60000);
  const some = (count, unit) => (count === 1 ? `1 ${unit} ago` : `${count} ${unit}s ago`);
  return minutes < 1 ? "just now" : minutes < 60 ? some(minutes, "minute") : minutes < 1440 ? some(Math.floor(minutes / 60), "hour") : undefined;
}

function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      const day = dayOf(at);
      const ago = "ago" in time.dataset ? agoOf(time) : undefined;
      const hour = `${two(at.getHours())}:${two(at.getMinutes())}${time.classList.contains("exact") ? `:${two(at.getSeconds())}` : ""}`;
      const text = time.classList.contains("hour") ? hour : ago ?? `${day === "today" && time.classList.contains("clock") ? "" : `${day} `}at ${hour}`;
      if (time.textContent !== text) {
        time.textContent = text;
      }
    }
  }
}

// Headings for days in the browser's zone, where it differs from the one that the server knows
function groupByDay() {
  let day;
  for (const entry of document.querySelectorAll("#log:has(> .day) > :is(.entry, .line)")) {
    const its = dayOf(new Date(entry.querySelector("strong time, .hour").dateTime));
    const before = entry.previousElementSibling;
    const heading = before?.matches(".day") ? before : undefined;
    if (its === day) {
      heading?.remove();
    } else {
      const text = its[0].toUpperCase() + its.slice(1);
      const place = heading ?? entry.insertAdjacentElement("beforebegin", document.querySelector("#log > .day").cloneNode(true));
      if (place.textContent !== text) {
        place.firstElementChild.textContent = text;
      }
      day = its;
    }
  }
  for (const heading of document.querySelectorAll("#log > .day:not(:has(+ :is(.entry, .line)))")) {
    heading.remove();
  }
}

groupByDay();
document.addEventListener("htmx:afterSettle", groupByDay);
localize(document);
// A page that stays open
setInterval(() => {
  localize(document);
  groupByDay();
}, 5000);
document.addEventListener("htmx:load", (event) => localize(event.detail.elt.parentElement ?? document));

// Keeps counting the age of the camera's last frame
setInterval(() => {
  for (const age of document.querySelectorAll("[data-age]")) {
    // Counts from the age that the server gave, because its clock may differ from the browser's
    age.began ??= performance.now() - 1000 * Number(age.dataset.age);
    const seconds = Math.max(0, Math.floor((performance.now() - age.began) / 1000));
    age.textContent = seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  }
}, 1000);

// The picture viewer: a dialog that the arrow keys walk through
const viewer = document.getElementById("viewer");
let opener;

document.addEventListener("htmx:afterSwap", (event) => {
  if (viewer?.contains(event.detail.target) || viewer?.contains(event.detail.elt)) {
    if (!viewer.open) {
      opener = event.detail.requestConfig.elt;
      viewer.showModal();
    }
  }
});

// Announces the next picture to screen readers. At the last picture the focus stays within the viewer.
document.addEventListener("htmx:afterSettle", () => {
  if (viewer?.open) {
    document.getElementById("caption-said").textContent = viewer.querySelector(".caption")?.textContent.trim().replace(/\s+/g, " ") ?? "";
    if (!viewer.contains(document.activeElement)) {
      viewer.querySelector("[data-walk]")?.focus();
    }
  }
});

// The browser returns the focus to the element that opened the dialog, unless an update has replaced it
viewer?.addEventListener("close", () => opener.isConnected || document.getElementById(opener.id)?.focus());

document.addEventListener("keydown", (event) => {
  const walk = { ArrowLeft: "back", ArrowRight: "on" }[event.key];
  if (walk && !event.altKey && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) {
    const link = (viewer?.open ? viewer : document.querySelector("main .viewer"))?.querySelector(`[data-walk=${walk}]`);
    link?.click();
  }
});

// Counts the selected entries. An entry that is replaced stays selected, and its details stay open.
const selected = () => [...document.querySelectorAll("input[name=Ids]:checked")];
let chosen = [];

function count() {
  const line = document.querySelector("#selection .selected");
  const text = selected().length ? `${selected().length} selected` : "";
  if (line && line.textContent !== text) {
    line.textContent = text;
  }
}

document.addEventListener("change", (event) => event.target.name === "Ids" && count());
let unfolded = [];
document.addEventListener("htmx:beforeSwap", () => {
  chosen = selected().map((box) => box.value);
  unfolded = [...document.querySelectorAll(".more[open]")].map((details) => details.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const details of document.querySelectorAll(".more[id]")) {
    details.open ||= unfolded.includes(details.id);
  }
  for (const box of document.querySelectorAll("input[name=Ids]")) {
    box.checked ||= chosen.includes(box.value);
  }
  count();
});

// Shows in the list, too, that a picture was pinned in the viewer
document.addEventListener("entry-changed", (event) => {
  const id = event.detail.value;
  const entry = document.getElementById(`entry-${id}`);
  if (entry) {
    htmx.ajax("GET", `/userdata/${id}?handler=Row&tile=${entry.matches(".tile")}`, { target: `#entry-${id}`, swap: "outerHTML" });
  }
});

// After a deletion in place the focus moves to the next entry
let next;
function besides(entry) {
  const entries = [...document.querySelectorAll(".entry")];
  const at = entries.indexOf(entry);
  return entries[at + 1] ?? entries[at - 1];
}
document.addEventListener("htmx:beforeSwap", (event) => {
  const entry = event.detail.target;
  next = event.detail.requestConfig.elt.matches(".question") && entry.matches(".entry") ? besides(entry) ?? document.getElementById("main") : undefined;
});
document.addEventListener("htmx:afterRequest", () => {
  if (next && document.activeElement === document.body) {
    (next.querySelector("[id^=delete-]") ?? document.getElementById("main")).focus({ preventScroll: true });
  }
  next = undefined;
});

// The dashboard refreshes when the server sends an event, or every ten seconds if no events arrive. In the background it rests.
if (document.querySelector("[data-events]")) {
  let source;
  let timer;
  let heard;
  let asked;
  const refresh = () => htmx.trigger("#live", "news");

  const listen = () => {
    source?.close();
    source = new EventSource(document.querySelector("[data-events]").dataset.events);
    for (const sign of ["open", "news", "beat"]) {
      source.addEventListener(sign, (event) => {
        if (event instanceof MessageEvent) {
          heard = performance.now();
          asked = 0;
          if (sign !== "beat") {
            refresh();
          }
        }
      });
    }
    source.addEventListener("error", () => (heard = 0));
  };

  // The server sends a heartbeat every fifteen seconds. Without one the page refreshes, and reconnects every sixth time.
  const watch = () => {
    if (performance.now() - heard > 20000) {
      refresh();
      if (++asked % 6 === 0) {
        listen();
      }
    }
  };

  const open = () => {
    close();
    heard = performance.now();
    asked = 0;
    listen();
    timer = setInterval(watch, 10000);
  };

  // The focused element keeps the focus when it is replaced
  let focused;
  document.addEventListener("htmx:beforeSwap", (event) => {
    focused = undefined;
    if (event.detail.requestConfig.elt.id === "live") {
      const active = document.activeElement;
      focused = { active, part: active.closest("[id]")?.id, html: active.outerHTML };
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (focused?.part && !focused.active.isConnected && document.activeElement === document.body) {
      const controls = document.getElementById(focused.part)?.querySelectorAll(focused.active.tagName) ?? [];
      [...controls].find((control) => control.outerHTML === focused.html)?.focus({ preventScroll: true });
    }
  });

  // An unchanged part is not replaced; otherwise a problem would be read out at every update
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    event.detail.shouldSwap = !event.detail.target.isEqualNode(event.detail.fragment.firstElementChild);
  });

  const close = () => {
    source?.close();
    clearInterval(timer);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) {
    open();
  }
}
