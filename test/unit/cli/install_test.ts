/** `deno task install`: the bundle, the launcher, what lies under the prefix before, between and after. */

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventPipeError } from "../../../src/errors.ts";
import { bundle, BundleError } from "../../../src/cli/install/bundle.ts";
import { commandPath, putFiles, removeFiles } from "../../../src/cli/install/files.ts";
import { launcherText, rememberedFolders } from "../../../src/cli/install/launcher.ts";

const INSTALL = fileURLToPath(new URL("../../../src/cli/install.ts", import.meta.url));
const text = new TextDecoder();

/** What is installed where nothing was, by paths under the prefix; folders have a slash at their end. */
const INSTALLED = [
  "bin/",
  "bin/eventpipe-trace",
  "lib/",
  "lib/eventpipe/",
  "lib/eventpipe/LICENSE",
  "lib/eventpipe/bpf/",
  "lib/eventpipe/bpf/tracepoint.bpf.o",
  "lib/eventpipe/src/",
  "lib/eventpipe/src/cli/",
  "lib/eventpipe/src/cli/trace.js",
];

/** Calls `test` with a new folder, which is gone afterwards. */
async function inFolder(test: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-install-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Everything below a folder, sorted. */
function tree(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(join(folder, below))].flatMap(({ name, isDirectory }) =>
    isDirectory ? [`${below}${name}/`, ...tree(folder, `${below}${name}/`)] : [`${below}${name}`]
  ).toSorted();
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[],
  env: Record<string, string> = {},
  clearEnv = false,
): Promise<Outcome> {
  const [command, ...args] = argv;
  const { code, stdout, stderr } = await new Deno.Command(command!, {
    args,
    env: { NO_COLOR: "1", ...env },
    clearEnv,
    stdin: "null",
  }).output();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs `deno task install`, without the task. */
function install(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run([Deno.execPath(), "run", "-A", INSTALL, ...args], env);
}

/** Calls `test` with variables set for the processes it starts. */
async function withEnv(env: Record<string, string>, test: () => Promise<void>): Promise<void> {
  const before = Object.keys(env).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    await test();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** A program that prints its name and its arguments, one on each line. */
async function writeTeller(path: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\nprintf '%s\\n' "$0" "$@"\nexit 7\n`, { mode: 0o755 });
}

Deno.test("bundle makes one text of a module and what it imports", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/part.ts`, "export const part: string = 'a part';\n");
    await Deno.writeTextFile(`${folder}/whole.ts`, "import { part } from './part.ts';\nconsole.log(part);\n");
    const script = await bundle(`${folder}/whole.ts`);
    await Deno.remove(`${folder}/part.ts`);
    await Deno.writeTextFile(`${folder}/bundle.js`, script);
    const { stdout } = await run([Deno.execPath(), "run", "--no-config", `${folder}/bundle.js`]);
    assertEquals(stdout, "a part\n");
  });
});

Deno.test("bundle throws what deno bundle said, without talking of the network", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/whole.ts`, "import './no_such_part.ts';\n");
    const error = await assertRejects(
      () => bundle(`${folder}/whole.ts`),
      BundleError,
      "ended with status 1.",
    );
    assertStringIncludes(error.message, "no_such_part.ts");
  });
});

Deno.test("bundle tells that the bundler comes from the network where it cannot be fetched", async () => {
  await inFolder(async (cache) => {
    await Deno.writeTextFile(`${cache}/whole.ts`, "console.log(1);\n");
    const nowhere = "http://127.0.0.1:9";
    const env = { DENO_DIR: cache, HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere, NO_PROXY: "" };
    await withEnv({ ...env, https_proxy: nowhere, http_proxy: nowhere, no_proxy: "" }, async () => {
      const error = await assertRejects(() => bundle(`${cache}/whole.ts`), BundleError);
      assertStringIncludes(error.message, "so it needs the network once. It said:");
      assertStringIncludes(error.message, "esbuild");
    });
  });
});

Deno.test("a launcher becomes Deno with the bundle and its own arguments, whatever the paths contain", async () => {
  await inFolder(async (folder) => {
    const odd = `${folder}/it's a "folder" $HOME\n`;
    await Deno.mkdir(odd);
    await writeTeller(`${odd}/deno`);
    const launch = { command: "name", deno: `${odd}/deno`, bundle: `${odd}/trace.js`, folders: [odd] };
    const script = launcherText(launch);
    assertEquals(rememberedFolders(script), [odd]);
    await Deno.writeTextFile(`${folder}/launcher`, script);
    const { code, stdout } = await run(["/bin/sh", `${folder}/launcher`, "a b", "", "*"]);
    const expected = [`${odd}/deno`, "run", "-A", "--no-config", `${odd}/trace.js`, "a b", "", "*"];
    assertEquals([code, stdout], [7, `${expected.join("\n")}\n`]);
  });
});

Deno.test("a launcher whose Deno is gone takes the one in PATH, and without one says so with status 3", async () => {
  await inFolder(async (folder) => {
    const launch = { command: "name", deno: `${folder}/gone/deno`, bundle: "/trace.js", folders: [] };
    await Deno.writeTextFile(`${folder}/launcher`, launcherText(launch));
    const start = (): Promise<Outcome> =>
      run(["/bin/sh", `${folder}/launcher`, "--list"], { PATH: folder }, true);
    assertEquals(await start(), {
      code: 3,
      stdout: "",
      stderr: "name: there is no Deno in PATH, and none where it was at the installation; install it\n",
    });
    await writeTeller(`${folder}/deno`);
    const { code, stdout } = await start();
    assertEquals([code, stdout], [7, `${folder}/deno\nrun\n-A\n--no-config\n/trace.js\n--list\n`]);
  });
});

Deno.test("rememberedFolders is null for other programs, and for a launcher whose memory is damaged", () => {
  const script = launcherText({ command: "name", deno: "/deno", bundle: "/trace.js", folders: ["/a"] });
  assertEquals(rememberedFolders(""), null);
  assertEquals(rememberedFolders("#!/bin/sh\nexec deno run trace.js\n"), null);
  assertEquals(rememberedFolders(script.replace('["/a"]', '["/a"')), null);
  assertEquals(rememberedFolders(script.replace("Folders", "Files")), null);
});

Deno.test("putFiles makes what is missing, over what was installed, and removeFiles leaves nothing of it", async () => {
  await inFolder(async (folder) => {
    const prefix = `${folder}/not/there`;
    await putFiles(prefix, "first");
    await putFiles(prefix, "second");
    assertEquals(tree(prefix), INSTALLED);
    assertEquals(await Deno.readTextFile(`${prefix}/lib/eventpipe/src/cli/trace.js`), "second");
    assertEquals((await Deno.stat(commandPath(prefix))).mode! & 0o777, 0o755);
    assertEquals(removeFiles(prefix), true);
    assertEquals(tree(folder), []);
    assertEquals(removeFiles(prefix), false);
  });
});

Deno.test("removeFiles leaves folders that were there before, and what others put into new ones", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/lib`);
    await putFiles(folder, "bundle");
    await Deno.writeTextFile(`${folder}/bin/other`, "");
    await Deno.writeTextFile(`${folder}/lib/eventpipe/bpf/other.bpf.o`, "");
    assertEquals(removeFiles(folder), true);
    assertEquals(tree(folder), [
      "bin/",
      "bin/other",
      "lib/",
      "lib/eventpipe/",
      "lib/eventpipe/bpf/",
      "lib/eventpipe/bpf/other.bpf.o",
    ]);
  });
  await inFolder(async (folder) => {
    for (const each of ["bin", "lib"]) await Deno.mkdir(`${folder}/${each}`);
    await putFiles(folder, "bundle");
    removeFiles(folder);
    assertEquals(tree(folder), ["bin/", "lib/"]);
  });
});

Deno.test("removeFiles follows a launcher to no folder elsewhere", async () => {
  await inFolder(async (folder) => {
    const prefix = `${folder}/prefix`;
    await Deno.mkdir(`${folder}/elsewhere`);
    await putFiles(prefix, "bundle");
    const script = await Deno.readTextFile(commandPath(prefix));
    await Deno.writeTextFile(commandPath(prefix), script.replace('["', `["${folder}/elsewhere","`));
    removeFiles(prefix);
    assertEquals(tree(folder), ["elsewhere/"]);
  });
});

Deno.test("another program of the command's name is neither overwritten nor removed", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/bin`);
    await Deno.writeTextFile(commandPath(folder), "#!/bin/sh\n");
    await assertRejects(
      () => putFiles(folder, "bundle"),
      EventPipeError,
      `Cannot install eventpipe-trace: ${commandPath(folder)} is another program, name another folder with`,
    );
    assertThrows(() => removeFiles(folder), EventPipeError, "Cannot uninstall eventpipe-trace:");
    assertEquals(tree(folder), ["bin/", "bin/eventpipe-trace"]);
  });
});

Deno.test("an installation that fails takes away what it has made", async () => {
  await inFolder(async (folder) => {
    // The command comes last, so everything else is made by the time its folder turns out to be a file.
    await Deno.writeTextFile(`${folder}/bin`, "");
    await assertRejects(() => putFiles(folder, "bundle"), EventPipeError, `Cannot install into ${folder}: `);
    assertEquals(tree(folder), ["bin"]);
  });
});

Deno.test("an installation that fails over an earlier one leaves that one", async () => {
  await inFolder(async (folder) => {
    await putFiles(folder, "bundle");
    await Deno.remove(`${folder}/lib/eventpipe/LICENSE`);
    await Deno.mkdir(`${folder}/lib/eventpipe/LICENSE/in the way`, { recursive: true });
    await assertRejects(() => putFiles(folder, "bundle"), EventPipeError, `Cannot install into ${folder}: `);
    assertEquals(tree(folder).filter((path) => !path.includes("LICENSE")), [
      ...INSTALLED.filter((path) => !path.includes("LICENSE")),
    ]);
  });
});

Deno.test("install into HOME/.local tells the command's path, and tells of PATH only where it is needed", async () => {
  await inFolder(async (home) => {
    // Another HOME is another cache, into which the bundler would be fetched once more.
    const env = { HOME: home, DENO_DIR: await denoDir() };
    const command = commandPath(`${home}/.local`);
    const folder = `${home}/.local/bin`;
    assertEquals(await install([], env), {
      code: 0,
      stdout: `Installed: ${command}\n`,
      stderr: `${folder} is not in PATH; to have it there: export PATH="${folder}:$PATH"\n`,
    });
    const path = { PATH: `${Deno.env.get("PATH")}:${folder}/` };
    assertEquals(await install([], { ...env, ...path }), {
      code: 0,
      stdout: `Installed: ${command}\n`,
      stderr: "",
    });
    assertEquals(await install(["--uninstall"], env), {
      code: 0,
      stdout: `Removed: ${command}\n`,
      stderr: "",
    });
    assertEquals(tree(home), []);
    const { code, stderr } = await install(["--uninstall"], env);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `Nothing is installed in ${home}/.local; `);
  });
});

Deno.test("install ends with 3 where it may not write, and with 2 without a HOME and a prefix", async () => {
  // Nobody makes folders in sysfs.
  const refused = await install(["--prefix", "/sys/eventpipe"]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertStringIncludes(refused.stderr, "Cannot install into /sys/eventpipe: ");
  assertStringIncludes(refused.stderr, "name another folder with --prefix");
  const homeless = await install([], { HOME: "", DENO_DIR: await denoDir() });
  assertEquals(homeless.code, 2);
  assertStringIncludes(homeless.stderr, "Cannot tell where to install: HOME is not set");
});

Deno.test("install ends with 1 where another program has the command's name", async () => {
  await inFolder(async (prefix) => {
    await Deno.mkdir(`${prefix}/bin`);
    await writeTeller(commandPath(prefix));
    for (const args of [[], ["--uninstall"]]) {
      const { code, stdout, stderr } = await install(["--prefix", prefix, ...args]);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, `${commandPath(prefix)} is another program`);
    }
  });
});

Deno.test("the installed command names itself in its help and where it is used wrongly", async () => {
  await inFolder(async (prefix) => {
    await putFiles(prefix, await bundle());
    const help = await run([commandPath(prefix), "--help"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertStringIncludes(help.stdout, "Usage: eventpipe-trace [OPTIONS] EVENT... [-- COMMAND ARG...]");
    assertStringIncludes(help.stdout, "\n  eventpipe-trace openat -- cat /etc/hostname\n");
    assert(!help.stdout.includes("deno task"));
    const wrong = await run([commandPath(prefix), "--bogus"]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertEquals(wrong.stderr, "Unknown option --bogus\nTry: eventpipe-trace --help\n");
    const nothing = await run([commandPath(prefix)]);
    assertEquals([nothing.code, nothing.stdout], [2, ""]);
    assertStringIncludes(nothing.stderr, "No event is named; eventpipe-trace --list names those there are\n");
  });
});

/** The folder of Deno's caches in this process. */
async function denoDir(): Promise<string> {
  const { stdout } = await run([Deno.execPath(), "info", "--json"]);
  return (JSON.parse(stdout) as { denoDir: string }).denoDir;
}
