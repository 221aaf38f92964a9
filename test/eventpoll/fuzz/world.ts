/**
 * What a program has made so far, as both systems agree on it: which names there are, which of them are open, what kind of
 * file each stands for, and the two numbers it has.
 *
 * @module
 */

import type { Kind, Names, Step } from "./steps.ts";

/** One system's numbers. */
class Numbers implements Names {
  readonly byName = new Map<string, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  number(name: string): number {
    return name.startsWith("#") ? Number(name.slice(1)) : this.byName.get(name)!;
  }

  kind(name: string): Kind {
    return this.#world.kind(name);
  }

  nameOf(fd: number): string {
    let found = `#${fd}`;
    for (const [name, number] of this.byName) if (number === fd) found = name;
    return found;
  }

  set(name: string, fd: number): void {
    this.byName.set(name, fd);
  }
}

/** The kinds of what a step makes, the one under `name` first. */
const MADE: Readonly<Record<string, readonly Kind[]>> = {
  epoll: ["epoll"],
  pipe: ["reader", "writer"],
  eventfd: ["eventfd"],
  pair: ["socket", "socket"],
  file: ["file"],
};

/** Names and what they stand for. */
export class World {
  /** The numbers in the model. */
  readonly model: Numbers = new Numbers(this);
  /** The numbers in the kernel. */
  readonly linux: Numbers = new Numbers(this);
  /** By the model's numbers, since a closed name may share its number with one that was made later. */
  readonly #kinds = new Map<number, Kind>();
  readonly #open = new Set<string>();
  #names: readonly string[] = [];
  #opened: readonly string[] = [];

  /** All names, closed ones too. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The names that are open. */
  get opened(): readonly string[] {
    return this.#opened;
  }

  /**
   * What kind of file a name stands for.
   *
   * @param name The name.
   * @returns The kind.
   */
  kind(name: string): Kind {
    return this.#kinds.get(this.model.number(name))!;
  }

  /**
   * Whether a step makes sense here: the names in it are known, and where bytes are moved they are open.
   *
   * @param step The step.
   * @returns Whether it can be done.
   */
  accepts(step: Step): boolean {
    switch (step.do) {
      case "ctl":
        return this.#isKnown(step.ep) && this.#isKnown(step.name);
      case "wait":
      case "info":
        return this.#isKnown(step.ep);
      case "dup":
        return this.#isKnown(step.of);
      case "dup2":
        return this.#isKnown(step.of) && this.#isKnown(step.name);
      case "close":
      case "poll":
        return this.#isKnown(step.name);
      case "write":
      case "read":
      case "shutdown":
        return this.#open.has(step.name);
      default:
        return true;
    }
  }

  /**
   * Notes a step that succeeded in both systems.
   *
   * @param step The step.
   * @returns False if a number was given out again that stands for different names in the two systems: another part of the
   * process opened or closed a file.
   */
  note(step: Step): boolean {
    switch (step.do) {
      case "epoll":
      case "eventfd":
      case "file":
        return this.#make(step.name, MADE[step.do]![0]!);
      case "pipe":
      case "pair":
        return this.#make(step.name, MADE[step.do]![0]!) && this.#make(step.peer, MADE[step.do]![1]!);
      case "dup":
      case "dup2":
        return this.#make(step.name, this.kind(step.of));
      case "close":
        this.#close(step.name);
        return true;
      default:
        return true;
    }
  }

  #isKnown(name: string): boolean {
    return name.startsWith("#") || this.model.byName.has(name);
  }

  #make(name: string, kind: Kind): boolean {
    this.#kinds.set(this.model.number(name), kind);
    this.#open.add(name);
    // A name that was closed may have its number back under another name; what is done through it then goes there.
    for (const each of this.model.byName.keys()) {
      const isSameThere = this.model.number(each) === this.model.number(name);
      if (isSameThere !== (this.linux.number(each) === this.linux.number(name))) return false;
    }
    this.#list();
    return true;
  }

  #close(name: string): void {
    const fd = this.model.number(name);
    for (const each of this.#open) if (this.model.number(each) === fd) this.#open.delete(each);
    this.#list();
  }

  #list(): void {
    this.#names = [...this.model.byName.keys()];
    this.#opened = [...this.#open];
  }
}
