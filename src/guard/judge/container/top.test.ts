import { expect, it } from "vitest";
import { ask, decideIn, outcomeOf, policy } from "../../../../test/support/guard/guard.ts";

const outcome = (ps_args: string, redact = true) =>
  outcomeOf(
    decideIn(
      { containers: { web: {} } },
      ask("container-top", { container: "web" }, { query: { ps_args } }),
      policy({ redact }),
    ),
  );

it.each(["", "-ef", "aux", "auxww", "-eo pid,args", "-e -o pid,comm,etime", "-o pid=,args", "-eLf"])(
  "lets %j through",
  (options) => {
    expect(outcome(options)).toBe("allow");
  },
);

it.each([
  "eww",
  "aux e",
  "auxe",
  "axe",
  "-ef e",
  "e -o pid,args",
  "-o pid,environ",
  "-eo pid o args",
  "--forest e",
])("does not hand %j to ps under a policy that redacts", (options) => {
  expect(outcome(options)).toEqual(["guard-process-options"]);
  expect(outcome(options, false)).toBe("allow");
});
