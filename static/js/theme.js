// Before anything is drawn: the colours that the device asks for.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dress();
  dark.addEventListener("change", dress);
  document.documentElement.classList.add("js");
})();
