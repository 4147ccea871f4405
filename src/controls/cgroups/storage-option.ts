import { setItems } from "../../model/fact.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const storageOption: Control = {
  id: "storage-option",
  title: "A storage option other than size is set",
  why: "Storage drivers and plugins take options of their own for a container's writable layer: another pool, another device, no quota. `size` limits the layer; what another option does depends on the driver, and the limits that you set elsewhere may no longer apply.",
  row: "2.3",
  severity: "info",
  guard: "deny",
  cis: [],
  attack: ["T1611"],
  cwe: [668],
  where: ["F", "A"],
  references: ["https://docs.docker.com/reference/cli/docker/container/run/#storage-opt"],
  examples: {
    bad: [{ syntax: "run", text: "docker run --storage-opt dm.pool=other alpine" }],
    good: [{ syntax: "run", text: "docker run --storage-opt size=5G alpine" }],
  },
  check: {
    container: ({ storageOpt }) =>
      judgeItems(storageOpt, ({ value: { name }, origins }) =>
        name === "size"
          ? pass("size")
          : fail(`sets the storage option ${name}: what it changes depends on the storage driver`, {
              origins,
              evidence: name,
              observed: name,
            }),
      ),
  },
  remedy: {
    container: ({ storageOpt }) => ({
      kind: "behavioural",
      summary: "Remove the option, or confirm in the storage driver's documentation what it does.",
      patches: setItems(storageOpt)
        .filter(({ value }) => value.name !== "size")
        .map(({ value }) => ({ op: "remove", field: "storageOpt", value }) as const),
      breaks:
        "A driver that needs the option no longer creates the container: docker run reports its error at once.",
    }),
  },
};
