import { setItems } from "../../model/fact.ts";
import { type DrivenVolume, drivenVolume, type Volumes } from "../documents/join.ts";
import type { Inspected } from "./containers.ts";
import type { Questions } from "./questions.ts";

/** Milliseconds that the Engine may take for one volume: it waits for plugins that are gone. */
const patience = 2_000;

/** How many are asked for at once. */
const sideBySide = 16;

/**
 * Asks for each volume that these containers mount, by its name: the list of all makes the Engine ask every plugin, and wait
 * 15 s for one that is gone.
 */
export async function readVolumes(all: readonly Inspected[], asked: Questions): Promise<Volumes> {
  const names = new Set(
    all.flatMap(({ container }) =>
      setItems(container.mounts).flatMap(({ value }) =>
        value.type === "volume" && value.source !== undefined ? [value.source] : [],
      ),
    ),
  );
  const driven = new Map<string, DrivenVolume>();
  const untold = new Set<string>();
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { isTold, document } = await asked.askWithin(`/volumes/${encodeURIComponent(name)}`, {
        otherwise: "the Engine did not describe a volume",
        mayVanish: true,
        patience,
      });
      if (!isTold) untold.add(name);
      const volume = drivenVolume(document);
      if (volume) driven.set(name, volume);
    }
  };
  await Promise.all(Array.from({ length: Math.min(sideBySide, names.size) }, worker));
  return { driven, untold };
}
