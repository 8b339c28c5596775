// Applies the theme that was chosen here before, and follows the choice.
// A classic script: a module would run after the first paint.
(() => {
  const key = "accrue-theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return ""; // Storage may be refused; the system's theme it is.
    }
  };

  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.getElementById("theme");
    select.value = root.dataset.theme ?? "";
    select.addEventListener("change", () => {
      apply(select.value);
      try {
        localStorage.setItem(key, select.value);
      } catch {
        // It then lasts as long as the page.
      }
    });
  });
})();
