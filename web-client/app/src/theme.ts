/** Light or dark: as the system has it, until the user chooses. */

const STORAGE_KEY = "scadstream.theme";
const PREFERS_DARK = window.matchMedia("(prefers-color-scheme: dark)");

type Theme = "light" | "dark";

/** Sets the page's theme and calls `onChange` now and at every change. Returns a function that switches. */
export function initTheme(onChange: (dark: boolean) => void): () => void {
  let chosen = storedTheme();
  const apply = () => {
    const theme = chosen ?? (PREFERS_DARK.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    onChange(theme === "dark");
  };
  PREFERS_DARK.addEventListener("change", apply);
  apply();
  return () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(STORAGE_KEY, chosen);
    } catch {
      // Storage may be forbidden; then the choice holds for this visit.
    }
    apply();
  };
}

function storedTheme(): Theme | undefined {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === "light" || stored === "dark" ? stored : undefined;
  } catch {
    return undefined;
  }
}
