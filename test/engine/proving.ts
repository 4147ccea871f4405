import { setTimeout as pause } from "node:timers/promises";
import type { Outcome } from "../../src/model/proof.ts";
import { labelName } from "../../src/prove/containers/proof-containers.ts";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import type { TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

/** What `bulkhead prove --format json` prints. */
export interface ProofDocument {
  readonly subject: string;
  readonly probes: readonly {
    readonly probe: string;
    readonly control: string;
    readonly outcome: Outcome;
    readonly evidence: string;
    readonly by?: readonly string[];
  }[];
  readonly notApplicable: readonly { readonly probe: string }[];
  readonly missing: readonly string[];
  readonly deviations: readonly { readonly controls: readonly string[]; readonly message: string }[];
}

/** `bulkhead prove` as its users run it, against an Engine of the test's own. */
export interface Proving {
  readonly program: string;
  /** Starts a container that sleeps. */
  start(name: string, ...flags: readonly string[]): Promise<string>;
  prove(...words: readonly string[]): Promise<Ran>;
  /** The JSON document; fails where anything is said beside it. */
  proof(...words: readonly string[]): Promise<ProofDocument>;
  /** The containers of proofs, one a line. */
  ours(): Promise<string>;
  /** The same, once none is left or five seconds are over. */
  untilNoneIsOurs(): Promise<string>;
}

export async function provingOn(engine: TestEngine): Promise<Proving> {
  // Built once for all of a file: the sources of others may change meanwhile.
  const program = builtCommand();
  await importBusybox(engine);
  const prove = (...words: readonly string[]) =>
    runCli(program, ["prove", ...words], { env: engine.environment });
  const ours = () =>
    engine.docker(["ps", "-a", "--filter", `label=${labelName}`, "--format", "{{.Names}} {{.Status}}"]);
  return {
    program,
    start: (name, ...flags) =>
      engine.docker(["run", "-d", "--name", name, ...flags, busybox, "sleep", "3600"]),
    prove,
    async proof(...words) {
      const ran = await prove(...words, "--format", "json");
      if (ran.stderr !== "") throw new Error(ran.stderr);
      const document = JSON.parse(ran.stdout) as ProofDocument;
      expectDocument("proof", document);
      return document;
    },
    ours,
    async untilNoneIsOurs() {
      for (let round = 0; round < 50 && (await ours()) !== ""; round += 1) await pause(100);
      return await ours();
    },
  };
}

export function outcomes({ probes }: ProofDocument): Readonly<Record<string, Outcome>> {
  return Object.fromEntries(probes.map(({ probe, outcome }) => [probe, outcome]));
}

export function evidence({ probes }: ProofDocument, id: string): string {
  return probes.find(({ probe }) => probe === id)?.evidence ?? "";
}
