// The constructor of rules: rules are dragged into their order, goods are picked from the directory. Without it there
// are buttons «Up» and «Down», and goods are typed.

function dressed(root) {
  for (const handle of root.querySelectorAll("[data-drag]")) handle.hidden = false;
  for (const area of root.querySelectorAll("textarea[data-suggest]")) findable(area);
}

// ---------------------------------------------------------------- dragging

let lifted = null;

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-drag]");
  if (!handle || event.button) return;
  event.preventDefault();
  const row = handle.closest("[data-rule]");
  lifted = { row, list: row.parentElement, before: orderOf(row.parentElement) };
  row.classList.add("lifted");
  handle.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!lifted) return;
  const { row, list } = lifted;
  for (const other of list.children) {
    if (other === row) continue;
    const box = other.getBoundingClientRect();
    const middle = box.top + box.height / 2;
    const above = other.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (above && event.clientY < middle) {
      other.before(row);
      break;
    }
    if (!above && event.clientY > middle) other.after(row);
  }
});

document.addEventListener("pointerup", () => {
  if (!lifted) return;
  const { row, list, before } = lifted;
  lifted = null;
  row.classList.remove("lifted");
  const order = orderOf(list);
  if (order === before) return;
  const form = list.closest("form");
  form.elements.order.value = order;
  htmx.ajax("POST", form.getAttribute("action"), {
    source: form,
    target: form,
    swap: "outerHTML",
    values: { do: "order", order },
  });
});

document.addEventListener("pointercancel", () => {
  lifted?.row.classList.remove("lifted");
  lifted = null;
});

function orderOf(list) {
  return [...list.children].map((row) => row.dataset.rule).join(" ");
}

// What can't move any further does nothing.
document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
}, true);

// ---------------------------------------------------------------- goods

let made = 0;

function findable(area) {
  if (area.dataset.found) return;
  area.dataset.found = "yes";
  const list = document.createElement("datalist");
  list.id = `found-${++made}`;
  const finder = document.createElement("input");
  finder.className = "form-control finder";
  finder.setAttribute("list", list.id);
  finder.autocomplete = "off";
  const label = document.querySelector(`label[for="${area.id}"]`)?.textContent.trim() ?? "";
  const find = area.form.dataset.find ?? "";
  finder.placeholder = `${find}…`;
  finder.setAttribute("aria-label", `${label}: ${find}`);
  area.before(finder, list);
  let waiting;
  const ask = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const answer = await fetch(`${area.dataset.suggest}&q=${encodeURIComponent(finder.value)}`);
      if (answer.ok) list.innerHTML = await answer.text();
    }, 250);
  };
  finder.addEventListener("focus", ask, { once: true });
  finder.addEventListener("input", (event) => {
    event.stopPropagation();
    if ([...list.options].some((option) => option.value === finder.value)) take();
    else ask();
  });
  finder.addEventListener("change", (event) => event.stopPropagation());
  finder.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (finder.value.trim()) take();
  });
  function take() {
    const value = finder.value.trim();
    const name = /[,;]|^"/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    area.value = area.value.trim() ? `${area.value.trim()}, ${name}` : name;
    finder.value = "";
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

dressed(document);
document.addEventListener("htmx:load", (event) => dressed(event.detail.elt));
