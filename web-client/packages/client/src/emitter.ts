/** Listeners by event type. */

import type { ClientEvent, EventOf } from "./events.js";
import { platform } from "./platform.js";

type Listener = (event: ClientEvent) => void;

export class Emitter {
  readonly #listeners = new Map<ClientEvent["type"] | "any", Set<Listener>>();

  on<Type extends ClientEvent["type"]>(
    type: Type,
    listener: (event: EventOf<Type>) => void,
  ): () => void {
    // Called with events of this type only.
    return this.#add(type, listener as Listener);
  }

  onAny(listener: Listener): () => void {
    return this.#add("any", listener);
  }

  emit(event: ClientEvent): void {
    for (const type of [event.type, "any"] as const) {
      // A copy: a listener may take itself or others off.
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          // The application's own fault: it must be seen, but must not leave the client half way.
          platform.queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }

  #add(type: ClientEvent["type"] | "any", listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // The same function may be added twice; each time counts.
    const own: Listener = (event) => listener(event);
    listeners.add(own);
    return () => listeners.delete(own);
  }
}
