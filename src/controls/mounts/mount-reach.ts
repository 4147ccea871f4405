import type { Engine } from "../../model/engine.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import { canonicalPath } from "../../model/host/path.ts";
import { type Reached, reach } from "../../model/host/reach.ts";
import type { Context } from "../control.ts";
import type { ExposedMount } from "./exposed-mounts.ts";

/** What a container gains by a mount, worst first: by the path as written and by the one that it leads to. */
export function reachOf({ mount, path }: ExposedMount, { engine }: Context): readonly Reached[] {
  const options = {
    readOnly: mount.readOnly,
    source: mount.type === "volume" ? undefined : mount.source,
    sockets: socketsOf(engine),
    dataRoot: engine && valueOr(engine.dataRoot, undefined),
    isReadOnlyBelow: !mount.isWritableBelow && isReadOnlyBelow(engine),
  };
  const found = reach(path, options);
  const written = mount.hostPath === undefined ? path : canonicalPath(mount.hostPath);
  if (written === path) return found;
  return [
    ...found,
    ...reach(written, options).filter(({ gives, how }) => gives === "engine" && how === "at"),
  ];
}

function socketsOf(engine: Engine | undefined): readonly string[] {
  return setItems(engine?.listenAddresses ?? []).flatMap(({ value }) =>
    value.address.startsWith("unix://") ? [value.address.slice("unix://".length)] : [],
  );
}

/**
 * Whether `ro` of a bind reaches what is mounted below it: since Engine 25 on Linux 5.12. Where neither is known, it does.
 *
 * @see https://docs.docker.com/engine/storage/bind-mounts/#recursive-mounts
 */
export function isReadOnlyBelow(engine: Engine | undefined): boolean {
  const version = /^(\d+)\./.exec(valueOr(engine?.version ?? { state: "unset" }, ""));
  const kernel = /^(\d+)\.(\d+)/.exec(valueOr(engine?.kernelVersion ?? { state: "unset" }, ""));
  if (version && Number(version[1]) < 25) return false;
  if (!kernel) return true;
  const [major, minor] = [Number(kernel[1]), Number(kernel[2])];
  return major > 5 || (major === 5 && minor >= 12);
}

/** The path of the place, with the names of the mounted path where the place has any: `/home/me/.ssh`. */
function nameOf(place: string, path: string): string {
  const given = path.split("/");
  return place
    .split("/")
    .map((part, index) => (part === "*" ? (given[index] ?? "NAME") : part))
    .join("/");
}

/** `the host's cron jobs`, or `which holds /var/spool/cron (the host's cron jobs)`. */
export function sayReached({ place, how }: Reached, path: string): string {
  return how === "above" ? `which holds ${nameOf(place.path, path)} (${place.what})` : place.what;
}
