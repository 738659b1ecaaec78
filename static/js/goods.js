// «Choose all»: <button data-choose="name" hidden> ticks every box of that name, or unticks them.
for (const button of document.querySelectorAll("[data-choose]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${button.dataset.choose}"]`)];
    const chosen = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !chosen;
  });
}
