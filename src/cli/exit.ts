/**
 * The exit status of every command, by name. Commands return these from their main function; scripts and CI read
 * them, so a number never changes its meaning. Relies on nothing.
 */

/** An orderly end, Ctrl-C with its summary included. */
export const EXIT_OK = 0;

/** The run or the check failed. */
export const EXIT_FAILED = 1;

/** Wrong use: an unknown option or name, or environments too unlike to compare. */
export const EXIT_USAGE = 2;

/** Not permitted or not supported on this machine; checked before names are. */
export const EXIT_UNSUPPORTED = 3;

/** Events were lost in a run that forbids loss. */
export const EXIT_LOSS = 4;

/** The tracer failed after its traced command had started. */
export const EXIT_TRACER_FAILED = 125;

/** The traced command was found but could not be executed. */
export const EXIT_CANNOT_EXECUTE = 126;

/** The traced command was not found. */
export const EXIT_NOT_FOUND = 127;

/** The status of a traced command that signal number `signal` ended. */
export function exitOfSignal(signal: number): number {
  return 128 + signal;
}
