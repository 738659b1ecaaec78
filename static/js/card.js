// The card renews itself while it is looked at: the code before it dies or when it was used, the balance with it.
// Without this file, a reload does the same.
const live = document.querySelector("[data-live]");
const EVERY = 30_000;
let last = Date.now();

const refresh = () => {
  if (document.hidden || !navigator.onLine) return;
  last = Date.now();
  htmx.trigger(live, "refresh");
};

setInterval(refresh, EVERY);
// At once, too: the picture that comes with the page is for those who have no scripts.
addEventListener("load", refresh);
// Back from another app: what is shown may be minutes old.
document.addEventListener("visibilitychange", () => {
  if (Date.now() - last > 5_000) refresh();
});
addEventListener("online", refresh);
