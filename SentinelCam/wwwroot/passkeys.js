// Passkeys: asks the browser for one, and sends its answer with the form. Without this file, forms take passwords.
{
  // Before the server's challenges expire
  const REFRESH = 4 * 60 * 1000;

  if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    document.querySelectorAll(".passkey[hidden]").forEach(start);
  }

  function start(part) {
    const form = part.closest("form");
    const problem = part.querySelector("[role=alert]");
    part.hidden = false;
    form.querySelector(".no-passkey").hidden = true;
    let waiting = new AbortController();
    let isAsking = false;

    part.querySelector("button").addEventListener("click", async () => {
      waiting.abort();
      isAsking = true;
      problem.hidden = true;
      try {
        await (part.dataset.options ? create() : get());
      } catch (error) {
        problem.textContent = wordsFor(error);
        problem.hidden = false;
        isAsking = false;
        offer();
      }
    });

    // Offers passkeys among the addresses that the browser suggests
    async function offer() {
      if (isAsking || document.hidden || !form.querySelector("[autocomplete~=webauthn]")
        || !await PublicKeyCredential.isConditionalMediationAvailable?.()) {
        return;
      }
      waiting.abort();
      waiting = new AbortController();
      try {
        await get({ mediation: "conditional", signal: waiting.signal });
      } catch {
        // Nothing was chosen, or the challenge is replaced
      }
    }

    async function get(how) {
      const answer = await fetch(part.dataset.challenge, {
        method: "POST",
        headers: { RequestVerificationToken: form.elements.__RequestVerificationToken.value },
        signal: how?.signal,
      });
      if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      }
      const { options, state } = await answer.json();
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
      send(await navigator.credentials.get({ publicKey, ...how }), state);
    }

    async function create() {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(part.dataset.options));
      send(await navigator.credentials.create({ publicKey }), part.dataset.state);
    }

    function send(credential, state) {
      part.querySelector("[data-answer]").value = JSON.stringify(credential);
      part.querySelector("[data-state]").value = state;
      form.submit();
    }

    offer();
    setInterval(offer, REFRESH);
    document.addEventListener("visibilitychange", offer);
  }

  function wordsFor(error) {
    switch (error.name) {
      case "NotAllowedError":
      case "AbortError":
        return "No passkey was used. Try again, or go on without one.";
      case "InvalidStateError":
        return "This device already has a passkey for your account.";
      default:
        return `That did not work (${error.message}). Reload the page and try again.`;
    }
  }
}
