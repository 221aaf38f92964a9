/** Opens libc, and prints what the error says if it cannot be opened. */

import { EventPipeError, LibraryError } from "../../../src/errors.ts";
import { libc } from "../../../src/ffi/libc.ts";

function tryTwice(): unknown {
  const codes: unknown[] = [];
  let message = "";
  let cause: unknown;
  for (let i = 0; i < 2; i++) {
    try {
      libc();
      codes.push("opened");
    } catch (error) {
      if (!(error instanceof EventPipeError)) throw error;
      codes.push(error.code);
      message = error.message;
      cause = error.cause;
    }
  }
  return { codes, message, isLibraryError: cause instanceof LibraryError };
}

console.log(JSON.stringify(tryTwice()));
