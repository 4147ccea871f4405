import { isRecord, itemsOf, textAt } from "../base/json.ts";
import { boundByDriver } from "../formats/create-request/mounts.ts";
import type { Container } from "../model/container.ts";
import { type SetFact, set, setItems, type UnresolvedFact } from "../model/fact.ts";
import type { Image } from "../model/image.ts";
import type { Mount } from "../model/mount.ts";
import { isApiOrigin } from "../model/origin.ts";

/** The host paths that volumes bind by their `driver_opts`, by the volume's name, out of `GET /volumes`. */
export function boundVolumes(document: unknown): ReadonlyMap<string, string> {
  const volumes = itemsOf(isRecord(document) ? document.Volumes : undefined);
  return new Map(
    volumes.flatMap((volume): readonly [string, string][] => {
      const name = textAt(volume, "Name");
      const path = boundByDriver(
        textAt(volume, "Driver") ?? "",
        isRecord(volume) ? volume.Options : undefined,
      );
      return name === undefined || path === undefined ? [] : [[name, path]];
    }),
  );
}

/** A container with what other documents of the Engine tell of it. */
export function joined(
  container: Container,
  others: {
    readonly bound: ReadonlyMap<string, string>;
    readonly image: Image | undefined;
    readonly peer: (reference: string) => Container | undefined;
  },
): Container {
  return {
    ...container,
    imageUser: userOfImage(container, others.image),
    mounts: container.mounts.map((item) =>
      withSource(withVolume(item, others.bound), container, others.peer),
    ),
  };
}

/** The Engine writes the image's user into a container that names none, so an empty one there is root for sure. */
function userOfImage({ user }: Container, image: Image | undefined): Container["imageUser"] {
  if (image) return image.user.state === "unset" ? set("") : image.user;
  return user.state === "unset" ? set("") : user;
}

type Item = SetFact<Mount> | UnresolvedFact;

function withVolume(item: Item, bound: ReadonlyMap<string, string>): Item {
  if (item.state !== "set" || item.value.type !== "volume" || item.value.hostPath !== undefined) return item;
  const hostPath = bound.get(item.value.source ?? "");
  return hostPath === undefined ? item : { ...item, value: { ...item.value, hostPath } };
}

/** A mount that nobody asked for here and that a container of `--volumes-from` has, too, came from that one. */
function withSource(
  item: Item,
  { volumesFrom }: Container,
  peer: (reference: string) => Container | undefined,
): Item {
  const asked = item.origins.some(
    (origin) => isApiOrigin(origin) && origin.pointer.startsWith("/HostConfig"),
  );
  if (item.state !== "set" || asked) return item;
  const { source, target } = item.value;
  const from = setItems(volumesFrom).find(({ value }) =>
    setItems(peer(value)?.mounts ?? []).some(
      (each) => each.value.target === target && each.value.source === source,
    ),
  );
  return from ? { ...item, value: { ...item.value, from: from.value } } : item;
}
