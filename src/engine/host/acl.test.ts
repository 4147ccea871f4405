import { expect, it } from "vitest";
import { aclFromGetfacl, aclFromLs, letIn } from "./acl.ts";

/** As getfacl --numeric prints it. */
const shown = `# file: run/docker.sock
# owner: 0
# group: 999
user::rw-
user:1001:rwx
user:1002:r--
group::rw-
group:50:rw-
mask::rw-
other::---

`;

it("names who may write beside the owner and the group, with what the mask leaves them", () => {
  expect(letIn(aclFromGetfacl(shown))).toBe("uid 1001 and gid 50 (by its ACL)");
  expect(letIn(aclFromGetfacl(shown.replace("mask::rw-", "mask::r--")))).toBeUndefined();
  expect(letIn(aclFromGetfacl("user::rw-\ngroup::rw-\nother::---\n"))).toBeUndefined();
});

it("leaves out what a folder only hands on to new files", () => {
  expect(
    letIn(aclFromGetfacl("user::rwx\ngroup::rwx\ndefault:user:1001:rwx\ndefault:mask::rwx\n")),
  ).toBeUndefined();
});

it("without getfacl, GNU ls shows whether there is one", () => {
  expect(aclFromLs("srw-rw---- 1 0 999 0 Dec  1 10:00 /run/docker.sock\n")).toEqual([]);
  expect(aclFromLs("srw-rw----. 1 0 999 0 Dec  1 10:00 /run/docker.sock\n")).toEqual([]);
  expect(aclFromLs("srw-rw----+ 1 0 999 0 Dec  1 10:00 /run/docker.sock\n")).toBe("unread");
  expect(aclFromLs("")).toBe("unknown");
});
