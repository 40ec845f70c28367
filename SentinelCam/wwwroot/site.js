// Says so where a live update fails; without scripts every page works by itself.
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status !== 401) {
    say(`That did not work (status ${status}). Reload the page and try again.`);
  }
});

document.addEventListener("htmx:sendError", () => {
  say("SentinelCam cannot be reached. Check the network and try again.");
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
  document.getElementById("notice").replaceChildren(line);
}
