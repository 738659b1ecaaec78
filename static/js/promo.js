// The form of a new batch of promo codes: what a choice does not need is put away.
const form = document.querySelector("form[data-promo]");

function show() {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const chosen = form.querySelector(`[name="${name}"]:checked`)?.value ?? "";
    part.hidden = !values.split(" ").includes(chosen);
  }
}

if (form) {
  form.addEventListener("change", show);
  show();
}
