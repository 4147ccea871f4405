import type { SocketFile } from "../../model/engine.ts";
import { unknown, type Verdict } from "../../model/verdict.ts";

/** Of a file whose ACL may let others in than its mode shows; undefined where that is known. */
export function judgeAcl({ path, acl }: SocketFile): Verdict | undefined {
  if (acl === undefined) return undefined;
  const why =
    acl === "unread"
      ? "has an ACL, and only getfacl (package acl) shows whom it lets in"
      : "may have an ACL that lets others in: getfacl or GNU ls would show it, and neither is here";
  return unknown(`${path} ${why}`, [{ kernel: path, field: "mode" }]);
}
