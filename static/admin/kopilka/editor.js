"use strict";

// Nothing here is needed: without it the pages work, and one copies and scrolls by hand.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}

const rules = document.getElementById("rules");

for (const link of document.querySelectorAll("[data-line]")) {
  link.addEventListener("click", (event) => {
    if (!rules) return;
    event.preventDefault();
    const lines = rules.value.split("\n");
    const line = Number(link.dataset.line) - 1;
    const start = lines.slice(0, line).join("\n").length + (line ? 1 : 0);
    rules.focus();
    rules.setSelectionRange(start, start + (lines[line] || "").length);
    rules.scrollTop = (rules.scrollHeight / lines.length) * Math.max(0, line - 5);
  });
}

if (rules) {
  let saving = false;
  rules.form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!saving && rules.value !== rules.defaultValue) event.preventDefault();
  });
}
