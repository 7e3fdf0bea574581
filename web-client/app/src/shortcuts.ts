/** The page's keys. The editor has its own; these work everywhere. */

/** What the keys do. */
export interface ShortcutActions {
  save(): void;
  open(): void;
  render(): void;
  /** 1 to 4: default, front, top, right. 0: fit. */
  view(number: number): void;
}

/** Listens to keys until the page is closed. */
export function bindShortcuts(actions: ShortcutActions): void {
  // Captured, so that a key of the page is not also typed into the editor.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!run(event, actions)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}

function run(event: KeyboardEvent, actions: ShortcutActions): boolean {
  const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (command && event.key === "s") actions.save();
  else if (command && event.key === "o") actions.open();
  else if (command && event.key === "Enter") actions.render();
  else if (event.altKey && !event.ctrlKey && /^Digit[0-4]$/.test(event.code)) {
    actions.view(Number(event.code.slice(-1)));
  } else return false;
  return true;
}
