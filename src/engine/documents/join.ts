import { isRecord, textAt } from "../../base/json.ts";
import { boundByDriver, driverOf } from "../../formats/create-request/mounts.ts";
import type { Container } from "../../model/container.ts";
import type { NetworkDefinition } from "../../model/container-values.ts";
import { type FactList, set, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { Mount, VolumeDriver } from "../../model/mount.ts";
import { isApiOrigin } from "../../model/origin.ts";
import { definitionsOf } from "./networks.ts";

/** A volume that its driver mounts from elsewhere, with the host path that it binds. */
export interface DrivenVolume {
  readonly driver: VolumeDriver;
  readonly hostPath: string | undefined;
}

/** The volumes that containers mount, by their names. */
export interface Volumes {
  readonly driven: ReadonlyMap<string, DrivenVolume>;
  /** Those of which the Engine did not tell. */
  readonly untold: ReadonlySet<string>;
}

/** What a volume has of a driver and options, out of `GET /volumes/NAME`; undefined for a plain one. */
export function drivenVolume(document: unknown): DrivenVolume | undefined {
  const options = isRecord(document) ? document.Options : undefined;
  const driver = driverOf(textAt(document, "Driver") ?? "", options);
  return driver && { driver, hostPath: boundByDriver(driver.name, options) };
}

/** A container with what other documents of the Engine tell of it. */
export function joined(
  container: Container,
  others: {
    readonly volumes: Volumes;
    readonly networks: ReadonlyMap<string, NetworkDefinition> | undefined;
    readonly image: Image | undefined;
    readonly peer: (reference: string) => Container | undefined;
  },
): Container {
  return {
    ...container,
    imageUser: userOfImage(container, others.image),
    environment: markInherited(container, others.image),
    credentials: ownCredentials(container, others.image),
    networkDefinitions: definitionsOf(container, others.networks),
    mounts: container.mounts.map((item) =>
      withSource(withVolume(item, others.volumes), container, others.peer),
    ),
  };
}

/** The Engine writes the image's user into a container that names none, so an empty one there is root for sure. */
function userOfImage({ user }: Container, image: Image | undefined): Container["imageUser"] {
  if (image) return image.user.state === "unset" ? set("") : image.user;
  return user.state === "unset" ? set("") : user;
}

/** The Engine writes the image's variables into the container's own. */
function markInherited({ environment }: Container, image: Image | undefined): Container["environment"] {
  if (!image) return environment;
  const inherited = new Map(setItems(image.environment).map(({ value }) => [value.name, value.value]));
  return environment.map((item) => {
    if (item.state !== "set" || !inherited.has(item.value.name)) return item;
    const isFromImage = inherited.get(item.value.name) === item.value.value;
    return isFromImage ? { ...item, value: { ...item.value, isFromImage } } : item;
  });
}

/** What the image has written out is the image's finding. */
function ownCredentials({ credentials }: Container, image: Image | undefined): Container["credentials"] {
  if (!image || credentials.length === 0) return credentials;
  const inherited = new Set(setItems(image.credentials).map(({ value }) => `${value.where}\n${value.value}`));
  return credentials.filter(
    (item) => item.state !== "set" || !inherited.has(`${item.value.where}\n${item.value.value}`),
  );
}

type Item = FactList<Mount>[number];

function withVolume(item: Item, volumes: Volumes): Item {
  if (item.state !== "set" || item.value.type !== "volume" || item.value.hostPath !== undefined) return item;
  const { source = "" } = item.value;
  if (volumes.untold.has(source)) {
    const reason = `the Engine did not say what the volume ${source} is`;
    return { state: "unresolved", reason, origins: item.origins };
  }
  const driven = volumes.driven.get(source);
  return driven ? { ...item, value: { ...item.value, ...driven } } : item;
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
