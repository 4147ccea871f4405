/** Majors of Node whose V8 is known to have the flag; another would say on standard error that it has not. */
const known = [20, 22, 24];

/**
 * For a command that has many files to read and still ends in about a second. V8's optimising compiler then takes more of
 * the processor than its code gives back (a third of all, over 250 files): it starts when a function has run fifteen times
 * as long as by default, so that only what is really hot in a large input is compiled. Not for one file, which is read
 * sooner than node:v8 is loaded.
 */
export function expectMuchWork(): void {
  if (!known.includes(Number.parseInt(process.versions.node, 10))) return;
  process.getBuiltinModule("node:v8").setFlagsFromString("--interrupt-budget=1000000");
}
