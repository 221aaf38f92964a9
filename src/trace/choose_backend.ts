/**
 * Chooses the backend: BPF where it is permitted, perf events where it is not. Permissions are looked at before any name of
 * an event, since a name that may not be looked up is not known to be wrong.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import type { PerfSource } from "../source/perf.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { Forwarder } from "./forwarder.ts";
import { PerfBackend } from "./perf_backend.ts";

/** The name of a backend; `auto` is the first that is permitted. */
export type BackendName = "auto" | "bpf" | "perf";

/** The backends that can be asked for. */
export const BACKENDS: readonly BackendName[] = ["auto", "bpf", "perf"];

/** A backend whose permissions have been looked at, and which is not yet told what to trace. */
export interface ChosenBackend extends Disposable {
  /** Why it is not the one with BPF, where that was tried; null otherwise. */
  readonly refusal: EventPipeError | null;

  /**
   * Opens it. At most once.
   *
   * @param options What is traced.
   * @returns The backend, not started yet.
   */
  open(options: BackendOptions): Backend;
}

/**
 * Chooses a backend.
 *
 * @param name Which one.
 * @param rings The rings it will have.
 * @returns The backend, to be opened or disposed of.
 * @throws {EventPipeError} If the backend, or with `auto` both of them, are not permitted.
 */
export function chooseBackend(
  name: BackendName,
  rings: Pick<BackendOptions, "ringBytes" | "watermarkBytes" | "cpus">,
): ChosenBackend {
  if (name === "perf") {
    PerfBackend.checkPermission();
    return perfBackend(null);
  }
  try {
    let source: PerfSource | null = Forwarder.openSource(rings);
    return {
      refusal: null,
      open(options): Backend {
        if (source === null) {
          throw new TypeError("Cannot open the backend: it was opened or disposed of before");
        }
        const rings = source;
        source = null; // the backend owns it now
        return Forwarder.open(options, rings);
      },
      [Symbol.dispose](): void {
        source?.close();
        source = null;
      },
    };
  } catch (error) {
    if (name === "bpf" || !isRefusal(error)) throw error;
    try {
      PerfBackend.checkPermission();
    } catch {
      throw error;
    }
    return perfBackend(error);
  }
}

function perfBackend(refusal: EventPipeError | null): ChosenBackend {
  return { refusal, open: (options) => PerfBackend.open(options), [Symbol.dispose]: () => {} };
}

function isRefusal(error: unknown): error is EventPipeError {
  return error instanceof EventPipeError &&
    ["NOT_PERMITTED", "NOT_SUPPORTED", "LIBRARY"].includes(error.code);
}
