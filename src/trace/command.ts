/**
 * Runs a command under trace without missing its start: a shell stops itself and becomes the command when it is let
 * go, so its process exists, and can be selected in the kernel, before the command's first instruction. Relies on
 * /bin/sh and /proc.
 */

import { EventPipeError } from "../errors.ts";
import { readSmallFile } from "../ffi/file.ts";

/** The shell passes on what `exec` came to: 127 where nothing is found, 126 where it cannot be executed. */
const SCRIPT = 'kill -STOP $$; exec "$@"';
const SHELL = "/bin/sh";

/** It takes 2 ms on an idle machine. */
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 1;

/** The signals' numbers, for those that Deno knows no name of; <signal.h> counts up to 64. */
const UNKNOWN_SIGNAL = /signal: (\d+)/;

/** A command that was started and stands still until it is resumed. */
export class TracedCommand implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #killAtUnload = (): void => this.#send("SIGKILL");
  #hasEnded = false;
  /**
   * The status to exit with: the command's own, 128+N if signal N ended it, 127 if it was not found, 126 if it could
   * not be executed; in the last two cases the shell has said so on stderr.
   */
  readonly status: Promise<number>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    // Deno.exit() runs no finally and no dispose.
    globalThis.addEventListener("unload", this.#killAtUnload);
    this.status = statusOf(child).finally(() => {
      this.#hasEnded = true;
      globalThis.removeEventListener("unload", this.#killAtUnload);
    });
    // Nobody may have asked for it yet.
    this.status.catch(() => {});
  }

  /**
   * Starts a command and waits until it stands still. It has this process's standard input, output and error.
   *
   * @param argv The command and its arguments, passed on unchanged.
   * @throws {TypeError} If there is no command, or a NUL in an argument.
   * @throws {EventPipeError} If no shell can be started, or it does not stop.
   */
  static async spawn(argv: readonly string[]): Promise<TracedCommand> {
    if (argv[0] === undefined || argv[0] === "") {
      throw new TypeError("Cannot run a command: its name is empty");
    }
    if (argv.some((arg) => arg.includes("\0"))) {
      throw new TypeError(`Cannot run ${argv[0]}: an argument contains a NUL`);
    }
    const command = new TracedCommand(startShell(argv));
    try {
      await command.#untilStopped(argv[0]);
      return command;
    } catch (error) {
      command[Symbol.dispose]();
      await command.status;
      throw error;
    }
  }

  /** The process: the shell's now, the command's later. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Lets the command run. Does nothing if it runs or has ended. */
  resume(): void {
    // From here on it is the caller's to end it, and that of whoever ends the caller.
    globalThis.removeEventListener("unload", this.#killAtUnload);
    this.#send("SIGCONT");
  }

  /**
   * Sends a signal. Does nothing if the command has ended. A command that stands still gets SIGKILL at once and any
   * other signal when it is resumed, before it begins.
   */
  kill(signal: Deno.Signal): void {
    this.#send(signal);
  }

  /** Kills the command if it has not ended. To let it end in its own way, await `status` first. */
  [Symbol.dispose](): void {
    this.#send("SIGKILL");
  }

  async #untilStopped(name: string): Promise<void> {
    const deadline = performance.now() + STOP_TIMEOUT_MS;
    while (!this.#hasEnded) {
      const state = stateOf(this.pid);
      if (state === "T") return;
      if (performance.now() > deadline) {
        throw new EventPipeError(
          `Cannot run ${name} under trace: ${SHELL} did not stop within ${STOP_TIMEOUT_MS / 1000} s; ` +
            `its state is ${state ?? "unknown"}`,
          "NOT_SUPPORTED",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new EventPipeError(
      `Cannot run ${name} under trace: ${SHELL} ended with status ${await this.status} before it stopped`,
      "NOT_SUPPORTED",
    );
  }

  #send(signal: Deno.Signal): void {
    if (this.#hasEnded) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended just now: Deno knows (TypeError), or the kernel does (ESRCH).
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function startShell(argv: readonly string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(SHELL, {
      args: ["-c", SCRIPT, "sh", ...argv],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof Deno.errors.NotCapable ? "NOT_PERMITTED" : "SYSCALL";
    throw new EventPipeError(`Cannot run ${argv[0]}: ${SHELL} was not started: ${message}`, code, error);
  }
}

async function statusOf(child: Deno.ChildProcess): Promise<number> {
  try {
    // Deno's code is 128+N where a signal ended the process.
    return (await child.status).code;
  } catch (error) {
    // Deno refuses to tell of real-time signals, but names their number.
    const number = UNKNOWN_SIGNAL.exec((error as Error).message)?.[1];
    if (number === undefined) throw error;
    return 128 + Number(number);
  }
}

/** The letter of /proc/PID/stat, null when the process is gone. It stands behind the name, which may hold anything. */
function stateOf(pid: number): string | null {
  try {
    const stat = readSmallFile(`/proc/${pid}/stat`);
    return stat.charAt(stat.lastIndexOf(")") + 2);
  } catch (error) {
    if (error instanceof EventPipeError) return null;
    throw error;
  }
}
