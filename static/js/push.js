// The button that lets this browser show messages.
const part = document.querySelector("[data-push]");
const button = part && part.querySelector("[data-push-on]");

function bytes(text) {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

function packed(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

async function subscribe() {
  const registration = await navigator.serviceWorker.register(part.dataset.worker, { scope: location.pathname });
  await new Promise((done) => {
    const worker = registration.active || registration.waiting || registration.installing;
    if (worker.state === "activated") done();
    worker.addEventListener("statechange", () => worker.state === "activated" && done());
  });
  const made = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(part.dataset.push),
  });
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "X-Requested-With": "fetch" },
    body: new URLSearchParams({
      on: "push",
      endpoint: made.endpoint,
      p256dh: packed(made.getKey("p256dh")),
      auth: packed(made.getKey("auth")),
    }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  location.reload();
}

if (button && "serviceWorker" in navigator && "PushManager" in window) {
  button.hidden = false;
  button.addEventListener("click", () => {
    subscribe().catch(() => {
      const said = part.querySelector("[data-push-said]");
      said.textContent = said.dataset.pushSaid;
    });
  });
}
