import { defaultCapabilities } from "../../model/container/capability.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { isOpen, setItems } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Control, Remedy } from "../control.ts";
import { isPodman } from "../engine/docker-only.ts";
import { undecided } from "../undecided.ts";
import { boundingSet } from "./bounding-set.ts";
import { asksPrivileged, impliedByPrivileged } from "./privilege.ts";

export const capabilitiesDrop: Control = {
  id: "capabilities-drop",
  title: "Docker's default capabilities stay on",
  why: "Docker leaves 14 capabilities on where nothing is dropped; NET_RAW forges packets on the container's network, DAC_OVERRIDE reads every file in sight, MKNOD and SETUID help an intruder along. Most workloads need none or two of them. Drop ALL and add back what the workload needs: that stays right when the default set changes. Dropping some by name leaves the rest.",
  row: "2.8",
  severity: "medium",
  guard: "harden",
  cis: ["5.4"],
  attack: ["T1068", "T1611"],
  cwe: [250, 272],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    "https://docs.docker.com/reference/compose-file/services/#cap_drop",
    "https://github.com/moby/moby/blob/master/oci/caps/defaults.go",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "run", text: "docker run --cap-drop NET_RAW --cap-drop MKNOD nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    cap_drop: [NET_RAW]\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --cap-drop=all --cap-add NET_BIND_SERVICE nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    cap_drop:\n      - ALL\n    cap_add:\n      - NET_BIND_SERVICE\n",
      },
    ],
  },
  check: {
    container(container, { engine }) {
      if (asksPrivileged(container)) return impliedByPrivileged("gives every capability");
      return container.level === "effective" ? judgeKernel(container, engine) : judgeAsked(container, engine);
    },
  },
  remedy: {
    container(): Remedy<ContainerPatch> {
      return {
        kind: "decision",
        summary: "Drop ALL capabilities, and add back by name those that the workload turns out to need.",
        patches: [{ op: "add", field: "capDrop", value: "ALL" }],
        breaks:
          "A server that starts as root and then drops needs SETUID and SETGID (often CHOWN and DAC_OVERRIDE), one on a port below 1024 on an old engine NET_BIND_SERVICE; without them it stops with EPERM (“Operation not permitted”) at its start.",
      };
    },
  },
};

/** What Podman leaves on (containers-common: pkg/config/default.go). */
const podmanCapabilities = defaultCapabilities.filter(
  (name) => name !== "MKNOD" && name !== "NET_RAW" && name !== "AUDIT_WRITE",
);

function defaultsOf(engine: Engine | undefined) {
  return isPodman(engine)
    ? { whose: "Podman's", names: podmanCapabilities, some: "DAC_OVERRIDE, SETUID …" }
    : { whose: "Docker's", names: defaultCapabilities, some: "NET_RAW, DAC_OVERRIDE, SETUID …" };
}

/**
 * `--cap-drop ALL` passes whatever is added, and so does naming every default one.
 */
function judgeAsked({ capDrop, privileged }: Container, engine: Engine | undefined): Verdict {
  if (isOpen(privileged)) return unknownFact(privileged);
  const drops = setItems(capDrop);
  const dropped = new Set(drops.map(({ value }) => value));
  const origins = drops.flatMap((drop) => drop.origins);
  const { whose, names, some } = defaultsOf(engine);
  const left = dropped.has("ALL") ? [] : names.filter((name) => !dropped.has(name));
  if (left.length === 0) return pass("drops ALL");
  const open = undecided(...capDrop);
  if (open) return open;
  if (drops.length === 0) {
    return fail(`keeps ${whose} ${left.length} default capabilities (${some}): an intruder has them too`, {
      observed: "the default capabilities",
    });
  }
  return fail(
    `drops ${[...dropped].join(", ")} only: ${left.length} of ${whose} ${names.length} default capabilities stay on`,
    { origins, observed: `${left.length} default capabilities` },
  );
}

/**
 * In the kernel the whole default set is the failure. A part of it may be what was added back after ALL was dropped,
 * which only the configuration can tell, so that passes here.
 */
function judgeKernel(container: Container, engine: Engine | undefined): Verdict {
  const bounding = boundingSet(container);
  if (isOpen(bounding)) return unknownFact(bounding);
  const held: ReadonlySet<string> = bounding.state === "set" ? bounding.value : new Set();
  const observed = held.size === 0 ? "no capability" : `${held.size} capabilities`;
  const { whose, names } = defaultsOf(engine);
  if (!names.every((name) => held.has(name))) return pass(observed);
  return fail(
    `may hold ${held.size} capabilities, all of ${whose} default ones among them: an intruder has them too`,
    { origins: bounding.state === "set" ? bounding.origins : [], observed },
  );
}
