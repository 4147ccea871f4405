import { posix } from "node:path";
import type { ImageNeeds } from "../../controls/images/image-needs.ts";
import type { Container } from "../../model/container.ts";
import { type FactList, setItems } from "../../model/fact.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";

/** How much of what is known of an image holds in a container: another program or another script may need more. */
interface AsPublished {
  /** False where another program than the image's may start. */
  readonly runsItsProgram: boolean;
  /** Where it writes outside its volumes; undefined where that is not known. */
  readonly writable: ImageNeeds["writable"];
}

/** How images call the script that prepares the start of their program, and executes it. */
const preparing = /^(?:docker-)?(?:php-)?(?:entrypoint|init|run)(?:\.sh)?$/;

/** What such a script hands to the image's program: options, and the configuration to read. */
const handedOn = /^-|\.(?:conf|cfg|ya?ml|toml|ini|json)$/;

/** Where images have their programs. A script for the start may lie in the root as well. */
const programFolders = ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

export function asPublished(
  { programs, writable, writesElsewhere }: Pick<ImageNeeds, "programs" | "writable" | "writesElsewhere">,
  { entrypoint, command, mounts, environment }: Container,
): AsPublished {
  const targets = setItems(mounts).map(({ value }) => canonicalPath(value.target));
  const isMounted = (path: string) => targets.some((target) => isAtOrBelow(target, canonicalPath(path)));
  // A path that begins at the working folder may be of anybody.
  const isImages = (word: string) =>
    !word.includes("/") ||
    (word.startsWith("/") && !targets.some((target) => isAtOrBelow(canonicalPath(word), target)));
  const isItsOwn = (word: string) => programs.includes(posix.basename(word)) && isImages(word);
  const isPreparing = (word: string) => preparing.test(posix.basename(word)) && isImages(word);
  const isElsewhere =
    writesElsewhere?.mounts?.some(isMounted) ||
    setItems(environment).some(({ value }) => writesElsewhere?.variables?.test(value.name));
  return {
    runsItsProgram:
      !targets.some((target) => replaces(target, programs)) &&
      begins(entrypoint, (word) => isItsOwn(word) || isPreparing(word)) &&
      begins(command, (word) => isItsOwn(word) || handedOn.test(word)),
    writable: isElsewhere
      ? undefined
      : writable?.filter(({ whenMounted }) => whenMounted === undefined || isMounted(whenMounted)),
  };
}

/** Whether a mount lies over one of the image's programs, though no word names another one. */
function replaces(target: string, programs: readonly string[]): boolean {
  if (programFolders.some((folder) => isAtOrBelow(folder, target))) return true;
  const name = posix.basename(target);
  const folder = posix.dirname(target);
  return programFolders.includes(folder)
    ? programs.includes(name) || preparing.test(name)
    : folder === "/" && name.endsWith(".sh") && preparing.test(name);
}

/** Whether words are the image's own, or begin as asked. */
function begins([first]: FactList<string>, isAsked: (word: string) => boolean): boolean {
  return first === undefined || (first.state === "set" && isAsked(first.value));
}
