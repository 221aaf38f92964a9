/**
 * Reads the JUnit report that `deno test --junit-path` writes and counts it as Deno's own last line does.
 * Used by main.ts; a report that is not understood is an error, never a count of zero.
 */

import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** How a set of tests ended. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What a run of the tests says about itself. */
export interface TestReport {
  /** All tests. */
  readonly all: Counts;
  /** Those in files under test/kernel/. */
  readonly kernel: Counts;
}

/** The run as the commands and CI judge it. */
export interface Verdict {
  /** The counts to be printed. */
  readonly counts: Counts;
  /** What was wrong beside failing tests. */
  readonly complaints: readonly string[];
}

/** What a verdict depends on beside the report. */
export interface Circumstances {
  /** The exit status of deno test. */
  readonly status: number;
  /** Whether kernel tests must run: `EVENTPIPE_REQUIRE_KERNEL=1`. */
  readonly kernelRequired: boolean;
  /** Whether the command line chose among the tests. */
  readonly isSelection: boolean;
}

/** A report that cannot be counted. */
export class ReportError extends Error {
  override readonly name = "ReportError";
}

/**
 * Counts a report.
 *
 * @param xml The text of the report.
 * @returns The counts without test steps, which belong to their tests, and without tests that were never
 * reached since the command line left them out.
 */
export function readReport(xml: string): TestReport {
  const root = parseReport(xml);
  const all: Counts = { passed: 0, failed: 0, skipped: 0 };
  const kernel: Counts = { passed: 0, failed: 0, skipped: 0 };
  let cases = 0;
  for (const suite of elements(root, "testsuite")) {
    const isKernel = attribute(suite, "name").startsWith("./test/kernel/");
    const tests = elements(suite, "testcase");
    const names = new Set(tests.map((test) => attribute(test, "name")));
    cases += tests.length;
    for (const test of tests) {
      if (isStep(attribute(test, "name"), names)) continue;
      const outcome = outcomeOf(test);
      if (outcome === null) continue;
      all[outcome]++;
      if (isKernel) kernel[outcome]++;
    }
  }
  const announced = attribute(root, "tests");
  if (String(cases) !== announced) {
    throw new ReportError(`Cannot count the test report: it announces ${announced} tests and holds ${cases}`);
  }
  return { all, kernel };
}

/**
 * Judges a run. A test that had to run and was skipped counts as failed, and so does whatever made deno test
 * fail without a failing test: an error at the top of a test file is in no report.
 *
 * @param report What the run says about itself.
 * @param circumstances What else is known.
 * @returns The counts to be printed, and why the run failed beside failing tests.
 */
export function judge(report: TestReport, circumstances: Circumstances): Verdict {
  const { status, kernelRequired, isSelection } = circumstances;
  const counts = { ...report.all };
  const complaints: string[] = [];
  if (status !== 0 && counts.failed === 0) {
    counts.failed++;
    complaints.push(`deno test ended with status ${status} though no test failed: see its errors above`);
  }
  if (status === 0 && counts.failed > 0) {
    complaints.push(`deno test ended with status 0 though its report has ${counts.failed} failures`);
  }
  const { passed, failed, skipped } = report.kernel;
  if (kernelRequired && skipped > 0) {
    counts.skipped -= skipped;
    counts.failed += skipped;
    complaints.push(`${skipped} kernel tests were skipped, which EVENTPIPE_REQUIRE_KERNEL=1 forbids`);
  }
  if (kernelRequired && !isSelection && passed + failed + skipped === 0) {
    counts.failed++;
    complaints.push("there were no kernel tests, but EVENTPIPE_REQUIRE_KERNEL=1 requires them");
  }
  return { counts, complaints };
}

function parseReport(xml: string): XmlElement {
  if (xml === "") throw new ReportError("There is no test report: the tests did not run");
  let root: XmlElement | null;
  try {
    root = parseXml(xml).root;
  } catch (error) {
    throw new ReportError("Cannot read the test report: it is no well-formed XML", { cause: error });
  }
  if (root?.name !== "testsuites") {
    throw new ReportError(`Cannot read the test report: its root is ${root?.name}, expected testsuites`);
  }
  return root;
}

/** A step stands in the suite like a test, named `TEST > STEP`. */
function isStep(name: string, names: ReadonlySet<string>): boolean {
  for (let end = name.indexOf(" > "); end !== -1; end = name.indexOf(" > ", end + 1)) {
    if (names.has(name.slice(0, end))) return true;
  }
  return false;
}

/** Null for a test that was never reached: Deno writes it as skipped too, but without a time. */
function outcomeOf(test: XmlElement): keyof Counts | null {
  if (elements(test, "failure").length + elements(test, "error").length > 0) return "failed";
  if (elements(test, "skipped").length === 0) return "passed";
  return test.attributes["time"] === undefined ? null : "skipped";
}

function elements(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child): child is XmlElement =>
    child instanceof XmlElement && child.name === name
  );
}

function attribute(element: XmlElement, name: string): string {
  const value = element.attributes[name];
  if (value === undefined) {
    throw new ReportError(`Cannot read the test report: a ${element.name} has no ${name}`);
  }
  return value;
}
