/** Names that are uid 0 in practically every /etc/passwd that has them. */
const rootNames = new Set(["root", "toor"]);

/**
 * Whether a user as Docker takes it (`1000`, `0:0`, `root:adm`, `:50`) is root by what it says. The part before the colon
 * counts; a number is read as Go's Atoi does (`00` is 0); without one the uid is 0 (moby/sys: user.GetExecUser). A
 * name may map to uid 0 in the image's /etc/passwd, which no file shows: the kernel's view does.
 */
export function isRootText(user: string): boolean {
  const name = user.split(":", 1)[0]?.trim() ?? "";
  if (name === "") return true;
  return /^[+-]?\d+$/.test(name) ? Number(name) === 0 : rootNames.has(name);
}
