/**
 * Starts Workers. Their modules are loaded with the help of the main thread's event loop, so a Worker must have started
 * before the main thread blocks.
 *
 * @module
 */

/**
 * Starts a Worker of this folder and waits until it runs. It says so with a first message of any content.
 *
 * @param file The module's file, relative to this folder.
 * @returns The Worker.
 */
export async function startWorker(file: string): Promise<Worker> {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = () => resolve();
  worker.onerror = (event) => reject(new Error(`Cannot start the Worker ${file}: ${event.message}`));
  await promise;
  worker.onmessage = null;
  worker.onerror = null;
  return worker;
}
