import { imagesOf, type ShownImage } from "../../fix/live/running.ts";
import type { ReadArguments } from "../../formats/run-command/argv.ts";
import { pullWithDocker } from "../../run/docker.ts";
import { engineArgs, engineTarget } from "../common/engine-target.ts";
import { askLocalEngine } from "../common/local-engine.ts";
import type { RunOptions } from "./options.ts";
import { tell } from "./tell.ts";

/** What is seen of the image that docker will run. */
export interface SeenImage {
  readonly shown: ShownImage | undefined;
  /** Why nobody could look into it; undefined where its files were seen. */
  readonly unseen: string | undefined;
  /** Whether it was pulled here, so that docker must not pull once more: another image could come. */
  readonly isPulled: boolean;
}

/** docker's own status where it cannot make the container. */
const notMade = 125;

/**
 * Looks at the image that docker will run: where docker pulls it first, it is pulled first here, too, since the one under that
 * name until then may be another. A number is the status to end with: docker could not pull it.
 */
export async function seeImage(
  image: string,
  { lastOf, quiet }: ReadArguments,
  options: RunOptions,
): Promise<SeenImage | number> {
  const platform = lastOf("platform") ?? process.env.DOCKER_DEFAULT_PLATFORM;
  const look = () =>
    askLocalEngine(engineTarget(options), async (reader) => {
      const shown = (await imagesOf(reader, [image])).get(image);
      return { shown, isMeant: platform === undefined || shown?.platform === platform };
    });
  const pull = lastOf("pull") ?? "missing";
  let seen = await look();
  let isPulled = false;
  const pulls = pull === "always" || (pull === "missing" && seen?.shown === undefined);
  if (seen && pulls && !options.dryRun) {
    if (!quiet) tell(`pulling ${image} first, since what it holds decides what is added`);
    const status = await pullWithDocker([...engineArgs(options), ...pullOf(image, lastOf)], quiet);
    if (status !== 0) return status === 1 ? notMade : status;
    isPulled = true;
    seen = await look();
  }
  if (!seen) return nothing("no Engine of this machine answers");
  if (!seen.shown) return nothing(pulls ? "it is not pulled yet" : "it is not on this machine");
  if (!seen.isMeant) return { ...nothing(`it is here for ${seen.shown.platform}`), isPulled };
  const unseen = seen.shown.programs ? undefined : "its layers cannot be read from here";
  return { shown: seen.shown, unseen, isPulled };
}

function nothing(unseen: string): SeenImage {
  return { shown: undefined, unseen, isPulled: false };
}

function pullOf(image: string, lastOf: ReadArguments["lastOf"]): readonly string[] {
  const platform = lastOf("platform");
  const trust = lastOf("disable-content-trust");
  return [
    "pull",
    ...(platform === undefined ? [] : ["--platform", platform]),
    ...(trust === undefined ? [] : [`--disable-content-trust=${trust}`]),
    "--",
    image,
  ];
}
