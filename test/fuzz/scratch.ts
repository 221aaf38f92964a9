/**
 * A place for files that are written and read thousands of times in a second.
 *
 * @module
 */

/** Files there are in memory. */
const MEMORY_FOLDER = "/dev/shm";

/** A folder that is removed in the end. */
export class Scratch implements Disposable {
  readonly #folder: string;

  constructor() {
    let dir: string | undefined = MEMORY_FOLDER;
    try {
      Deno.statSync(dir);
    } catch {
      dir = undefined;
    }
    this.#folder = Deno.makeTempDirSync({ prefix: "eventpipe-fuzz-", ...(dir === undefined ? {} : { dir }) });
  }

  /** The name of a file in it. */
  get path(): string {
    return `${this.#folder}/input`;
  }

  /** Removes the folder with all that is in it. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
