import { createHash, type KeyObject } from "node:crypto";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { type Needs, needNames } from "../plan/needs.ts";
import { unseal } from "./envelope.ts";

/** What runs showed a workload to need: an in-toto statement, whose subjects are the images. */
export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof predicateType;
  readonly predicate: {
    readonly tool: { readonly name: "bulkhead"; readonly version: string };
    /** A day: `2026-11-27`. */
    readonly made: string;
    readonly architecture: string;
    readonly workloads: readonly BundledWorkload[];
  };
}

export const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "urn:bulkhead:workload:v1";

export interface BundledWorkload {
  readonly image: ImageIdentity & { readonly reference: string };
  /** The words that replace the image's own, as a digest: they may hold secrets. */
  readonly invocation: string;
  /** As `learn --format json` shows it. */
  readonly learnt: object;
}

/** Which image it is, whatever its name. */
export interface ImageIdentity {
  /** `sha256:…` */
  readonly id: string;
  /** `docker.io/library/nginx@sha256:…`, in every registry that it came from. */
  readonly repoDigests: readonly string[];
}

/** The identity in what the Engine says of an image; undefined where it says none. */
export function identityOf(image: unknown): ImageIdentity | undefined {
  const id = textAt(image, "Id");
  return id === undefined ? undefined : { id, repoDigests: textsOf(recordAt(image).RepoDigests) };
}

/** What bundles show of the needs of a container that is made from an image. */
export interface Bundles {
  readonly needsOf: (
    image: Partial<ImageIdentity> | undefined,
    view: Pick<Container, "entrypoint" | "command">,
  ) => Needs | undefined;
}

export const noBundles: Bundles = { needsOf: () => undefined };

/** Bundles by their texts. With a key each of them must be signed with it. */
export function bundlesOf(
  texts: readonly { readonly name: string; readonly text: string }[],
  key: KeyObject | undefined,
): Result<Bundles> {
  const known: BundledWorkload[] = [];
  const days = new Map<BundledWorkload, string>();
  for (const { name, text } of texts) {
    const read = readBundle(text, key);
    if (!read.ok) return failed(`${name}: ${read.reason}`);
    for (const workload of read.value.predicate.workloads) {
      known.push(workload);
      days.set(workload, read.value.predicate.made);
    }
  }
  return ok({
    needsOf(image, view) {
      const invocation = invocationOf(view);
      // The newest that was given says it.
      const found = known.findLast((each) => each.invocation === invocation && isSame(each.image, image));
      return found && needsIn(found, days.get(found) ?? "");
    },
  });
}

/** The statement in a bundle. */
export function readBundle(text: string, key: KeyObject | undefined): Result<Statement> {
  const document = unseal(text, key);
  if (!document.ok) return document;
  const predicate = recordAt(document.value).predicate;
  const workloads = itemsOf(recordAt(predicate).workloads);
  const isOurs = textAt(document.value, "predicateType") === predicateType;
  if (!isOurs || workloads.length === 0 || !workloads.every(isWorkload)) {
    return failed("it is not a bundle that this version reads");
  }
  return ok(document.value as Statement);
}

function isWorkload(value: unknown): boolean {
  const image = recordAt(value).image;
  return (
    isRecord(value) &&
    isRecord(value.learnt) &&
    typeof value.invocation === "string" &&
    /^sha256:[0-9a-f]{64}$/.test(textAt(image, "id") ?? "")
  );
}

function isSame(one: ImageIdentity, other: Partial<ImageIdentity> | undefined): boolean {
  if (one.id === other?.id) return true;
  return other?.repoDigests?.some((digest) => one.repoDigests.includes(digest)) ?? false;
}

/** Names what a container runs, where that is not the image's own. */
export function invocationOf({ entrypoint, command }: Pick<Container, "entrypoint" | "command">): string {
  const words = [entrypoint, command].map((list) => setItems(list).map(({ value }) => value));
  return `sha256:${createHash("sha256").update(JSON.stringify(words)).digest("hex")}`;
}

/** What the steps that held show. What no run showed stays unknown. */
function needsIn({ image, learnt }: BundledWorkload, day: string): Needs | undefined {
  const { verified, steps, files, capabilities, user, network } = recordAt(learnt);
  if (verified !== true) return undefined;
  const held = new Set(
    itemsOf(steps)
      .filter((step) => textAt(step, "outcome") === "holds")
      .flatMap((step) => textsOf(recordAt(step).controls)),
  );
  const places = (kind: "scratch" | "data") =>
    itemsOf(recordAt(files)[kind]).flatMap((place) => textAt(place, "path") ?? []);
  const { uid, gid } = recordAt(user, "endsAs");
  const nonRoot = held.has("root-user") && typeof uid === "number" ? `${uid}:${gid ?? uid}` : undefined;
  const { traced, used, needed } = recordAt(capabilities);
  // What it needs as root, where it was tried as another user: what it used.
  const asRoot = traced === true ? textsOf(used) : undefined;
  const kept = held.has("capabilities-drop")
    ? nonRoot === undefined
      ? itemsOf(needed).flatMap((each) => textAt(each, "name") ?? [])
      : asRoot
    : undefined;
  const writable = held.has("read-only-rootfs") ? places("scratch") : undefined;
  const shown = { writable, capabilities: kept, nonRoot, ports: network ?? undefined };
  return {
    source: `the image ${image.reference}`,
    user: nonRoot === undefined ? undefined : { name: nonRoot },
    capabilities: kept,
    writablePaths: writable,
    persistentPaths: places("data"),
    keepsData: places("data").length > 0 ? true : undefined,
    ports: textsOf(recordAt(network).listens).flatMap(portOf),
    tried: {
      on: `this very image on ${day}`,
      facts: needNames.filter((name) => shown[name] !== undefined),
    },
  };
}

/** `tcp/80` */
function portOf(text: string): readonly { readonly port: number; readonly protocol: string }[] {
  const [protocol, port] = text.split("/");
  return protocol && Number(port) > 0 ? [{ port: Number(port), protocol }] : [];
}
