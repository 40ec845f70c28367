// What makes the pages live. Each of them works without it.
const notice = document.getElementById("notice");

// Errors. The server's own words come as a fragment for #notice; anything else that answers, a proxy say, is told by its status.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.status !== 401 && !xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = false;
    say(`That did not work (status ${xhr.status}). Reload the page and try again.`);
  }
});

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => say("SentinelCam cannot be reached. Check the network and try again."));
}

// A notice about an error goes when something works again
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && notice.querySelector(".problem")) {
    notice.replaceChildren();
  }
});

// A live picture keeps the camera open: only while somebody can see it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.hasAttribute("data-while-seen")) {
    event.preventDefault();
  }
});

function say(text) {
  const line = document.createElement("p");
  line.className = "problem";
  line.textContent = text;
  notice.replaceChildren(line);
}

// An address without the fields that are empty, fit to be kept
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb === "get") {
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") {
        event.detail.formData.delete(name);
      }
    }
  }
});

// Times in the reader's zone, in the form that the server writes; the exact UTC stays in the title
const two = (number) => String(number).padStart(2, "0");

function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      const offset = -at.getTimezoneOffset();
      const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
      time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`;
    }
  }
}

localize(document);
document.addEventListener("htmx:load", (event) => localize(event.detail.elt.parentElement ?? document));

// The age of the camera's last frame goes on by itself
setInterval(() => {
  for (const age of document.querySelectorAll("[data-age]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Number(age.dataset.age)) / 1000));
    age.textContent = seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  }
}, 1000);

// The picture viewer: a dialog, walked with the arrow keys
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

// The browser gives the focus back to what opened the dialog, unless news have replaced it
viewer?.addEventListener("close", () => opener.isConnected || document.getElementById(opener.id)?.focus());

document.addEventListener("keydown", (event) => {
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (rel && !event.altKey && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) {
    const link = (viewer?.open ? viewer : document.querySelector("main .viewer"))?.querySelector(`[rel=${rel}]`);
    link?.click();
  }
});

// How many entries are selected
document.addEventListener("change", (event) => {
  if (event.target.name === "Ids") {
    const count = document.querySelectorAll("input[name=Ids]:checked").length;
    document.querySelector("#selection .selected").textContent = count ? `${count} selected` : "";
  }
});

// The dashboard asks anew when the server tells of news; where it cannot tell, every ten seconds. A page in the background rests.
if (document.querySelector("[data-events]")) {
  let source;
  let timer;
  // Not under somebody's hands: while a question waits for its answer, so do the news
  let missed = false;
  const asks = () => document.querySelector("#latest form[hx-post]") !== null;
  const refresh = () => {
    missed = asks();
    if (!missed) {
      htmx.trigger("#live", "news");
    }
  };
  document.addEventListener("htmx:afterOnLoad", () => missed && !asks() && refresh());

  const open = () => {
    clearInterval(timer);
    source = new EventSource(document.querySelector("[data-events]").dataset.events);
    source.addEventListener("news", refresh);
    source.addEventListener("open", (event) => event instanceof MessageEvent && refresh());
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) {
        timer ??= setInterval(refresh, 10000);
      }
    });
  };

  // What has the focus keeps it, though it is made anew
  let focused;
  document.addEventListener("htmx:beforeSwap", (event) => {
    focused = undefined;
    if (event.detail.requestConfig.elt.id === "live") {
      missed = asks();
      event.detail.shouldSwap &&= !missed;
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

  // What is the same stays, else a problem would be read out at all news
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    event.detail.shouldSwap = !event.detail.target.isEqualNode(event.detail.fragment.firstElementChild);
  });

  const close = () => {
    source?.close();
    clearInterval(timer);
    timer = undefined;
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) {
    open();
  }
}
