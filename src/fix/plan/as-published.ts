import { posix } from "node:path";
import type { ImageNeeds } from "../../controls/images/image-needs.ts";
import type { Container } from "../../model/container.ts";
import { type FactList, setItems } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";

/** How much of what is known of an image holds in a container: another program, or a script of one's own, may need more. */
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

export function asPublished(
  { programs, writable, writesElsewhere }: Pick<ImageNeeds, "programs" | "writable" | "writesElsewhere">,
  { entrypoint, command, mounts, environment }: Container,
): AsPublished {
  const targets = setItems(mounts).map(({ value }) => value.target);
  const isMounted = (path: string) => targets.some((target) => isAtOrBelow(target, path));
  const isHidden = (word: string) => targets.some((target) => isAtOrBelow(word, target));
  const isItsOwn = (word: string) => programs.includes(posix.basename(word)) && !isHidden(word);
  const isPreparing = (word: string) => preparing.test(posix.basename(word)) && !isHidden(word);
  const isElsewhere =
    writesElsewhere?.mounts?.some(isMounted) ||
    setItems(environment).some(({ value }) => writesElsewhere?.variables?.test(value.name));
  return {
    runsItsProgram:
      begins(entrypoint, (word) => isItsOwn(word) || isPreparing(word)) &&
      begins(command, (word) => isItsOwn(word) || handedOn.test(word)),
    writable: isElsewhere
      ? undefined
      : writable?.filter(({ whenMounted }) => whenMounted === undefined || isMounted(whenMounted)),
  };
}

/** Whether words are the image's own, or begin as asked. */
function begins([first]: FactList<string>, isAsked: (word: string) => boolean): boolean {
  return first === undefined || (first.state === "set" && isAsked(first.value));
}
