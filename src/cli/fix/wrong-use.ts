import type { PlanRequest } from "../../fix/plan/plan.ts";
import { type Acceptance, accepts, type SubjectPlan, spellAcceptance } from "../../fix/plan/step.ts";
import type { FixOptions } from "./options.ts";

type Given = Partial<FixOptions>;

/** Options that mean nothing for a kind of target, each with why. */
interface UnusableOption {
  readonly given: (options: Given) => boolean;
  readonly reason: string;
}

const compose: UnusableOption = {
  given: ({ file = [], profile = [], envFile = [] }) => file.length + profile.length + envFile.length > 0,
  reason: "--file, --profile and --env-file are for Compose files",
};

const interactive: UnusableOption = {
  given: ({ interactive }) => interactive === true,
  reason: "--interactive asks about changes to files: choose here with --only, --skip and --safe",
};

const recreate: UnusableOption = {
  given: ({ recreate }) => recreate === true,
  reason: "--recreate is for container:NAME",
};

const oldContainers: UnusableOption = {
  given: ({ confirm, keepLayer, discardLayer, keep, watch }) =>
    confirm === true ||
    keepLayer === true ||
    (discardLayer === true && watch === undefined) ||
    keep !== undefined,
  reason: "--confirm, --keep, --keep-layer and --discard-layer are for container:NAME",
};

const layers: UnusableOption = {
  given: ({ keepLayer, discardLayer }) => keepLayer === true && discardLayer === true,
  reason: "--keep-layer and --discard-layer say opposite things",
};

const keeping: UnusableOption = {
  given: ({ keep, keepLayer, recreate }) => (keep !== undefined || keepLayer === true) && recreate !== true,
  reason: "--keep and --keep-layer are for --recreate",
};

const discarding: UnusableOption = {
  given: ({ discardLayer, recreate, undo }) => discardLayer === true && recreate !== true && undo !== true,
  reason: "--discard-layer is for --recreate, --undo and --watch",
};

const watching: UnusableOption = {
  given: ({ watch }) => watch !== undefined,
  reason: "--watch is for Compose files: give a time to --keep with --recreate",
};

const watchingUnwritten: UnusableOption = {
  given: ({ watch, apply }) => watch !== undefined && apply !== true,
  reason: "--watch watches what --apply writes: add --apply",
};

const settling: UnusableOption = {
  given: ({ confirm, undo, recreate, apply }) =>
    [confirm, undo, recreate === true || apply === true].filter((each) => each === true).length > 1,
  reason: "--confirm, --undo and --recreate exclude one another",
};

const undoing: UnusableOption = {
  given: ({ undo, apply, interactive, verify, output }) =>
    undo === true && (apply === true || interactive === true || verify === true || output !== undefined),
  reason: "--undo brings back the files of the last --apply: give it alone",
};

const undoEngine: UnusableOption = {
  given: ({ undo }) => undo === true,
  reason: "--undo needs the file: bulkhead fix --undo /etc/docker/daemon.json",
};

const as: UnusableOption = {
  given: ({ as }) => as !== undefined,
  reason: "--as is for container:NAME, whose new container it writes",
};

const limits: UnusableOption = {
  given: ({ memory, cpus, pidsLimit }) => (memory ?? cpus ?? pidsLimit) !== undefined,
  reason: "--memory, --cpus and --pids-limit are limits of containers",
};

const address: UnusableOption = {
  given: ({ host, context, verify }) => (host ?? context) !== undefined && verify !== true,
  reason: "--host and --context name an Engine, for container:NAME, engine and --verify",
};

const trials: UnusableOption = {
  given: ({
    verify,
    checkCmd = [],
    checkExec = [],
    checkHttp = [],
    checkService = [],
    withData,
    allow = [],
  }) =>
    verify !== true &&
    (withData !== undefined ||
      [...checkCmd, ...checkExec, ...checkHttp, ...checkService, ...allow].length > 0),
  reason: "--check, --check-exec, --check-http, --check-service, --with-data and --allow are for --verify",
};

const verify: UnusableOption = {
  given: (options) => options.verify === true,
  reason: "--verify tries Compose services and docker run lines: name a file",
};

const page: UnusableOption = {
  given: ({ format, verify }) => format === "html" && verify !== true,
  reason: "--format html is for --verify; bulkhead audit --format html writes the report",
};

const asking: UnusableOption = {
  given: (options) => options.verify === true && options.interactive === true,
  reason: "--verify decides by trials, --interactive by your answers: give one of them",
};

const rules: Readonly<Record<"files" | "container" | "engine", readonly UnusableOption[]>> = {
  files: [page, recreate, watchingUnwritten, oldContainers, undoing, as, address, trials, asking],
  container: [
    page,
    watching,
    compose,
    layers,
    keeping,
    discarding,
    settling,
    trials,
    verify,
    interactive,
    {
      given: ({ format }) => format === "patch",
      reason:
        "a container has no file to patch: use --format json to see everything, or --as compose to write a file",
    },
    {
      given: ({ apply, recreate, output }) => output !== undefined && (apply === true || recreate === true),
      reason: "--output writes a file and leaves the container alone: say it without --apply and --recreate",
    },
    {
      given: ({ output, as }) => output !== undefined && as !== "compose",
      reason: "--output writes a Compose file: add --as compose",
    },
  ],
  engine: [
    page,
    watching,
    undoEngine,
    compose,
    interactive,
    recreate,
    oldContainers,
    as,
    limits,
    trials,
    verify,
  ],
};

/** What contradicts itself in what was asked for, in one sentence; undefined where nothing does. */
export function wrongUseOf(kind: keyof typeof rules, options: Given): string | undefined {
  const both = options.apply === true && options.output !== undefined;
  if (both && kind !== "container") {
    return "--apply writes the original, --output leaves it alone: say one of them";
  }
  return rules[kind].find(({ given }) => given(options))?.reason;
}

/** Decisions only because nobody knows what the workload needs: a trial with its data shows that. */
const aRunSettles = new Set(["capabilities-drop", "read-only-rootfs"]);

/**
 * What `--apply` writes: all but decisions, and of these the ones that were named. With `--only` a control that `--accept` names for
 * subjects is mended in these alone.
 */
export function takesOf({
  safe,
  accept,
  verify,
  only,
}: Pick<FixOptions, "safe" | "accept" | "verify" | "only">): PlanRequest["takes"] {
  const narrowed = accept.filter(({ control, subject }) => subject !== undefined && only.includes(control));
  return (step, subject) => {
    const isElsewhere = narrowed.some(({ control }) => step.controls.includes(control));
    if (isElsewhere && !accept.some((each) => accepts(each, step, subject))) return false;
    if (step.kind === "decision") {
      const isTried = verify === true && step.controls.some((control) => aRunSettles.has(control));
      return isTried || accept.some((each) => accepts(each, step, subject));
    }
    return safe ? step.kind === "safe" : true;
  };
}

/** Why `--accept` names nothing here, in one sentence; undefined where each of them names a step. */
export function whyNothingAccepted(
  accept: readonly Acceptance[],
  plans: readonly SubjectPlan[],
): string | undefined {
  const idle = accept.filter(
    (each) =>
      !plans.some(({ subject, steps, open }) =>
        [...steps, ...open].some((step) => accepts(each, step, subject)),
      ),
  );
  if (idle.length === 0) return undefined;
  return `--accept ${idle.map(spellAcceptance).join(", ")} matches no step here; nothing was written`;
}
