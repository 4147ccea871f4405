import { createHash, type KeyObject } from "node:crypto";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Container } from "../../model/container.ts";
import { setItems, valueOr } from "../../model/fact.ts";
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
  /** The words that replace the image's own, and the user, as a digest: words may hold secrets. */
  readonly invocation: string;
  /** Where its own file mounts something: without that it would write there. */
  readonly mounts: readonly string[];
  /** As `learn --format json` shows it. */
  readonly learnt: object;
}

/** Which image it is, whatever its name: by digests of its content. */
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
  readonly needsOf: (image: Partial<ImageIdentity> | undefined, view: Setting) => Needs | undefined;
  /** The files that they were read from, with the key's: who writes them decides what is given back. */
  readonly files: readonly string[];
}

/** What of a container decides, beside its image, what it needs. */
type Setting = Pick<Container, "entrypoint" | "command" | "user" | "mounts">;

export const noBundles: Bundles = { needsOf: () => undefined, files: [] };

/** Bundles by their texts. With a key each of them must be signed with it. */
export function bundlesOf(
  texts: readonly { readonly name: string; readonly text: string }[],
  key: KeyObject | undefined,
): Result<Pick<Bundles, "needsOf">> {
  const known: { readonly workload: BundledWorkload; readonly day: string }[] = [];
  for (const { name, text } of texts) {
    const read = readBundle(text, key);
    if (!read.ok) return failed(`${name}: ${read.reason}`);
    const { made, workloads } = read.value.predicate;
    known.push(...workloads.map((workload) => ({ workload, day: made })));
  }
  return ok({
    needsOf(image, view) {
      const { invocation, mounts } = settingOf(view);
      // The last one that is named counts.
      const found = known.findLast(
        ({ workload }) => workload.invocation === invocation && isSame(workload.image, image),
      );
      return found && needsIn(found.workload, found.day, mounts);
    },
  });
}

/** The statement in a bundle. */
export function readBundle(text: string, key: KeyObject | undefined): Result<Statement> {
  const document = unseal(text, key);
  if (!document.ok) return document;
  const predicate = recordAt(document.value, "predicate");
  const workloads = itemsOf(predicate.workloads);
  const isOurs =
    textAt(document.value, "predicateType") === predicateType &&
    textAt(predicate, "tool", "version") !== undefined &&
    /^\d{4}-\d\d-\d\d$/.test(textAt(predicate, "made") ?? "") &&
    workloads.length > 0 &&
    workloads.every(isWorkload);
  return isOurs ? ok(document.value as Statement) : failed("it is not a bundle that this version reads");
}

function isWorkload(value: unknown): boolean {
  const { image, learnt, invocation, mounts } = recordAt(value);
  const { id, reference, repoDigests } = recordAt(image);
  const areTexts = (list: unknown) => Array.isArray(list) && textsOf(list).length === list.length;
  return (
    /^sha256:[0-9a-f]{64}$/.test(typeof id === "string" ? id : "") &&
    typeof reference === "string" &&
    typeof invocation === "string" &&
    [repoDigests, mounts].every(areTexts) &&
    isRecord(learnt)
  );
}

/** Each store has digests of its own kind (of the configuration, of the manifest): any that both have is of the same content. */
function isSame(one: ImageIdentity, other: Partial<ImageIdentity> | undefined): boolean {
  const digests = digestsOf(other ?? {});
  return digestsOf(one).some((digest) => digests.includes(digest));
}

function digestsOf({ id, repoDigests = [] }: Partial<ImageIdentity>): readonly string[] {
  return [id ?? "", ...repoDigests].flatMap((text) => /sha256:[0-9a-f]{64}$/.exec(text)?.[0] ?? []);
}

/** How a container is started, and where its file mounts something. */
export function settingOf({
  entrypoint,
  command,
  user,
  mounts,
}: Setting): Pick<BundledWorkload, "invocation" | "mounts"> {
  const words = [entrypoint, command].map((list) => setItems(list).map(({ value }) => value));
  const said = JSON.stringify([...words, valueOr(user, "")]);
  return {
    invocation: `sha256:${createHash("sha256").update(said).digest("hex")}`,
    mounts: setItems(mounts).map(({ value }) => value.target),
  };
}

/** What the steps that held show. What no run showed stays unknown. */
function needsIn(
  { image, learnt, mounts }: BundledWorkload,
  day: string,
  mounted: readonly string[],
): Needs | undefined {
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
  // Without one of its mounts it would write there, too.
  const isMounted = mounts.every((target) => mounted.includes(target));
  const writable = held.has("read-only-rootfs") && isMounted ? places("scratch") : undefined;
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
