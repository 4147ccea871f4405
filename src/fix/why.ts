const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied (it would not keep its owner or mode)",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ELOOP: "too many symbolic links",
  ENOTDIR: "a part of the path is not a folder",
  ENAMETOOLONG: "the name is too long",
  EISDIR: "it is a folder",
  EBUSY: "it is a mount point, which cannot be replaced",
  EXDEV: "it is a mount point, which cannot be replaced",
};

/** The system's error in words, without a stack trace. */
export function whyUnwritten(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? (code === "" ? "it cannot be written" : `it cannot be written (${code})`);
}
