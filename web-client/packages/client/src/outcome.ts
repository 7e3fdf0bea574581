/**
 * The end of something, known now or later.
 *
 * Unlike a promise it may fail unseen: who does not ask for the result has no unhandled rejection.
 */
export class Outcome<T> {
  #settled: { readonly value: T } | { readonly error: Error } | undefined;
  #waiting: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];

  get settled(): boolean {
    return this.#settled !== undefined;
  }

  resolve(value: T): void {
    if (this.settled) return;
    this.#settled = { value };
    for (const { resolve } of this.#waiting.splice(0)) resolve(value);
  }

  reject(error: Error): void {
    if (this.settled) return;
    this.#settled = { error };
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  promise(): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#settled === undefined) this.#waiting.push({ resolve, reject });
      else if ("value" in this.#settled) resolve(this.#settled.value);
      else reject(this.#settled.error);
    });
  }
}
