import fc from "fast-check";

/**
 * Property tests take the same inputs at every run, so that a run that is red is red for a change of the code. `FC_SEED=random`
 * (or a number) explores others: do so when a property or what it guards changes.
 */
const { FC_SEED: asked } = process.env;
if (asked !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked ?? 20261125) });
