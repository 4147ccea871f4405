import type { Mount } from "../../model/mount.ts";

/** Files that a program reads at its start: their names end so. */
const configuration =
  /\.(?:conf|cfg|cnf|ini|ya?ml|toml|properties|xml|sql|pem|crt|cer|htpasswd|rules|tmpl|template)$/i;

/** Files with such a name that the program itself rewrites. */
const rewritten = /(?:^|\/)(?:acme[^/]*|[^/]*sentinel[^/]*|nodes\.conf|dump[^/]*)$/i;

/**
 * Whether a mount is one file of configuration, which a program only reads. Everything else may hold data: a folder whose
 * name says nothing, a database's files, a certificate store that its program renews.
 */
export function isClearlyConfiguration({ target, source = "" }: Mount): boolean {
  const isFile = configuration.test(target) && (source === "" || configuration.test(source));
  return isFile && !rewritten.test(target) && !rewritten.test(source);
}
