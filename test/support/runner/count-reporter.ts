import type { Reporter, TestModule } from "vitest/node";

/** More tests than this that pass only when they are run again: the run is red. */
const mostAgain = 3;

/**
 * Ends a run with one plain line that any CI can read: `Tests: 120 passed, 0 failed, 2 skipped`. Before it stands each test
 * that passed only when it was run again, which is a fault of the test or of the product.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const again: string[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        counts[test.result().state] += 1;
        if (!test.diagnostic()?.flaky) continue;
        const why = (test.result().errors ?? []).flatMap(({ stack, message, diff }) => [
          stack ?? message,
          diff,
        ]);
        again.push([`${module.relativeModuleId}: ${test.fullName}`, ...why.filter(Boolean)].join("\n"));
      }
    }
    if (again.length > mostAgain) process.exitCode = 1;
    setImmediate(() => {
      for (const name of again) process.stdout.write(`\nFailed, and passed when it was run again: ${name}`);
      if (again.length > mostAgain)
        process.stdout.write(`\nThat is more than ${mostAgain}: this run counts as failed.`);
      process.stdout.write(
        `\nTests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped\n`,
      );
    });
  }
}
