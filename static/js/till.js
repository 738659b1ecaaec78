// The till page with a script: a receipt that could not be sent waits on the phone and is sent by itself; the camera
// reads codes. Without this the pages work all the same: the server makes each form's key, so a repeat is one receipt.

const STORE = "till.pending";
const TIMEOUT = 20_000;
const PAUSES = [1, 2, 4, 8, 15, 30];

// ---------------------------------------------------------------- receipts on their way

const banner = document.getElementById("pending");
const till = banner?.dataset.till;
let attempt = 0;
let timer = 0;
let underWay = false;
let leaving = false;

function pending() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? [];
  } catch {
    return [];
  }
}
function keep(list) {
  localStorage.setItem(STORE, JSON.stringify(list));
}
const mine = () => pending().filter((sale) => sale.till === till);
const drop = (ticket) => keep(pending().filter((sale) => sale.ticket !== ticket));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-sale]") || event.submitter?.value !== "sell") return;
  event.preventDefault();
  if (underWay) return;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const ticket = body.get("ticket");
  const known = pending().find((sale) => sale.ticket === ticket);
  body.set("entered_at", known ? new URLSearchParams(known.body).get("entered_at") : new Date().toISOString());
  // What was sent once is repeated as it was: only then is a repeat known for one.
  if (!known) keep([...pending(), { till, ticket, url: form.dataset.address, body: body.toString() }]);
  attempt = 0;
  send();
}, true);

async function send() {
  const [sale] = mine();
  if (!sale || underWay) return;
  clearTimeout(timer);
  underWay = true;
  busy(true);
  try {
    await deliver(sale);
  } catch {
    later();
  } finally {
    // On the way to another page nothing more is asked for on this one.
    if (!leaving) {
      underWay = false;
      busy(false);
    }
  }
}

async function deliver(sale) {
  const body = new URLSearchParams(sale.body);
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (token) body.set("csrfmiddlewaretoken", token.value);
  const answer = await fetch(sale.url, { method: "POST", body, signal: AbortSignal.timeout(TIMEOUT) });
  if (answer.status >= 500) throw new Error(answer.status);
  if (answer.headers.get("X-Till-Sale")) {
    drop(sale.ticket);
    leave(answer.url);
  } else if (answer.redirected || answer.status === 403) {
    // The page is locked, or the phone disconnected: the receipt waits until somebody has seen to it.
    later();
    leave(answer.redirected ? answer.url : "/till/");
  } else {
    // Refused: nothing was booked, and the page says why, with everything that was keyed in.
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.getElementById("main");
    // Not a page of ours (a gate of the network's, say): it tells nothing of the receipt, which waits.
    if (!main) throw new Error(answer.status);
    drop(sale.ticket);
    document.getElementById("main").replaceWith(main);
    history.replaceState(null, "", sale.url);
    window.htmx?.process(document.getElementById("main"));
    document.getElementById("quote")?.scrollIntoView({ block: "center" });
  }
}

function leave(url) {
  leaving = true;
  location.assign(url);
}
// A page that comes back from the browser's memory works again.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    leaving = underWay = false;
    busy(false);
  }
});

function later() {
  const shown = document.getElementById("pending");
  if (shown) {
    shown.hidden = false;
    shown.scrollIntoView({ block: "nearest" });
  }
  timer = setTimeout(send, PAUSES[Math.min(attempt++, PAUSES.length - 1)] * 1000);
}

function busy(yes) {
  for (const button of document.querySelectorAll(".sell, #pending-send")) button.disabled = yes;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (underWay) event.preventDefault();
});
// A quote that was on its way when the page was replaced has nowhere to go any more.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.target.isConnected) event.detail.shouldSwap = false;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("#pending-send")) send();
});
addEventListener("online", () => send());
// A reload, or another page: what is left from before goes first. On the page of the PIN it waits.
if (banner && mine().length) {
  if (document.querySelector(".till-menu")) send();
  else banner.hidden = false;
}

// ---------------------------------------------------------------- the camera

// All of what the camera sees, not only its middle: a phone is held too close as often as too far.
const EDGE = 800;
const region = ({ videoWidth: width, videoHeight: height }) => {
  const scale = Math.min(1, EDGE / Math.max(width, height));
  const size = { downScaledWidth: Math.round(width * scale), downScaledHeight: Math.round(height * scale) };
  return { x: 0, y: 0, width, height, ...size };
};

const scan = document.getElementById("scan");
if (scan && navigator.mediaDevices?.getUserMedia) {
  const box = document.getElementById("camera");
  const failed = document.getElementById("scan-failed");
  const { q } = document.getElementById("find").elements;
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  scan.hidden = !devices.some((device) => device.kind === "videoinput");
  let scanner;

  function close() {
    scanner?.stop();
    box.hidden = true;
  }

  scan.addEventListener("click", async () => {
    failed.hidden = true;
    box.hidden = false;
    try {
      const { default: QrScanner } = await import(scan.dataset.scanner);
      scanner ??= new QrScanner(box.querySelector("video"), (found) => {
        close();
        q.value = found.data;
        q.form.requestSubmit();
      }, { returnDetailedScanResult: true, calculateScanRegion: region, maxScansPerSecond: 10 });
      await scanner.start();
      box.scrollIntoView({ block: "nearest" });
    } catch {
      close();
      failed.hidden = false;
      q.focus();
    }
  });
  document.getElementById("scan-stop").addEventListener("click", close);
}
