// Of the fields that each kind of certificate needs, only those of the chosen kind are shown.
for (const form of document.querySelectorAll("[data-issue]")) {
  const show = () => {
    const kind = form.elements.kind.value;
    for (const part of form.querySelectorAll("[data-kind]")) {
      part.hidden = kind !== "" && !part.dataset.kind.split(" ").includes(kind);
    }
  };
  form.addEventListener("change", show);
  show();
}
