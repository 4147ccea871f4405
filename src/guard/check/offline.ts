import { createHash } from "node:crypto";
import { isSpaced } from "../judge/image/space.ts";
import type { Ask } from "../judge/judge.ts";
import { type Answer, type EngineDocument, type Question, questionKey } from "../judge/result.ts";
import type { RequestFile } from "./request-file.ts";

export interface Offline {
  readonly ask: Ask;
  /** What was taken for granted, one sentence each, in the order in which it was asked for. */
  assumptions(): readonly string[];
}

/**
 * Answers what a decision depends on out of a file. What the file does not describe is assumed as it is on an ordinary host,
 * and told; of other containers nothing is assumed, for that is what a decision may hang on.
 */
export function offline({ known, engine }: Pick<RequestFile, "known" | "engine">): Offline {
  const assumed = new Set<string>();

  function answer(question: Question): Answer {
    if (question.kind === "engine") {
      if (!engine)
        assumed.add("the Engine is an ordinary one: seccomp on, no user namespaces, runc, json-file");
      const document: EngineDocument = {
        info: engine?.info ?? ordinaryInfo,
        version: engine?.version ?? { Version: "28.5.2", ApiVersion: "1.51", Os: "linux" },
      };
      return { state: "found", id: "engine", document };
    }
    if (question.kind === "images" || question.kind === "caches")
      return { state: "found", id: question.kind, document: [] };
    const name = question.kind === "hostPath" ? question.path : question.name;
    const told = known[question.kind];
    if (told && Object.hasOwn(told, name)) return described(question.kind, name, told[name]);
    return assume(question, name);
  }

  function assume(question: Question, name: string): Answer {
    switch (question.kind) {
      case "image":
        if (isSpaced(name)) return { state: "missing" };
        assumed.add(`the image ${name} is there, and names no user`);
        return {
          state: "found",
          id: `sha256:${idOf(name)}`,
          document: { Id: `sha256:${idOf(name)}`, Config: {} },
        };
      case "network":
        assumed.add(`the network ${name} is there, and a bridge`);
        return {
          state: "found",
          id: idOf(name),
          document: { Id: idOf(name), Name: name, Driver: "bridge", Scope: "local" },
        };
      case "volume":
        assumed.add(`there is no volume ${name} yet`);
        return { state: "missing" };
      case "hostPath":
        assumed.add(`${name} is a folder of the host, and no link leads elsewhere`);
        return { state: "found", id: name, document: { type: "directory" } };
      default:
        return { state: "unknown", reason: `the file does not describe the ${question.kind} under known` };
    }
  }

  return {
    ask: async (questions) => new Map(questions.map((question) => [questionKey(question), answer(question)])),
    assumptions: () => [...assumed],
  };
}

/** `"/srv/data": "/mnt/data"` is a link; every other kind has what its inspect says. */
function described(kind: Exclude<Question["kind"], "engine">, name: string, document: unknown): Answer {
  if (document === null) return { state: "missing" };
  if (kind === "hostPath") {
    return typeof document === "string"
      ? { state: "found", id: document, document: { type: "directory" } }
      : { state: "found", id: name, document };
  }
  const id = typeof document === "object" && document !== null ? idIn(document) : undefined;
  return { state: "found", id: id ?? (kind === "volume" ? name : idOf(name)), document };
}

function idIn(document: object): string | undefined {
  for (const key of ["Id", "ID"]) {
    const value: unknown = Reflect.get(document, key);
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** An id of the right form, the same for the same name. */
function idOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

const ordinaryInfo = {
  OSType: "linux",
  Driver: "overlay2",
  DriverStatus: [["Backing Filesystem", "extfs"]],
  LoggingDriver: "json-file",
  CgroupDriver: "systemd",
  CgroupVersion: "2",
  DefaultRuntime: "runc",
  Runtimes: { runc: { path: "runc" }, "io.containerd.runc.v2": { path: "runc" } },
  SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
  DockerRootDir: "/var/lib/docker",
  NCPU: 8,
  MemTotal: 16 * 1024 ** 3,
  Swarm: { LocalNodeState: "inactive" },
};
