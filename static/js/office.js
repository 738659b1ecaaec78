// Settings: the example of the points' names follows what is typed, and a ready colour is taken by a press.

const example = document.querySelector("[data-points]");
const names = ["point_one", "point_few", "point_many"].map((name) => document.querySelector(`[name=${name}]`));
if (example && names.every(Boolean)) {
  const show = () => {
    example.value = [1, 2, 5].map((count, index) => `${count} ${names[index].value.trim()}`).join(", ");
  };
  for (const field of names) field.addEventListener("input", show);
}

const colour = document.querySelector("input[name=colour]");
for (const swatch of document.querySelectorAll("[data-swatch]")) {
  swatch.hidden = false;
  swatch.addEventListener("click", () => {
    colour.value = swatch.dataset.swatch;
  });
}
