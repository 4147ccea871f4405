import { fail, notApplicable, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const imageSetuid: Control = {
  id: "image-setuid",
  title: "The build sets setuid or setgid bits",
  why: "A setuid program runs as its owner, no matter who starts it. One that root owns makes every user of the container root, as soon as it has a hole or was meant to give a shell. With no-new-privileges the kernel ignores the bits.",
  row: "2.11",
  severity: "low",
  guard: "off",
  cis: ["4.8"],
  attack: ["T1548.001"],
  cwe: [250, 732],
  where: ["D"],
  references: [
    "https://man7.org/linux/man-pages/man7/inode.7.html",
    "https://docs.docker.com/reference/dockerfile/#copy---chown---chmod",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN chmod u+s /usr/bin/find\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nCOPY --chmod=4755 helper /usr/local/bin/helper\n" },
    ],
    good: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN chmod 0755 /usr/bin/find\n" },
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +\n",
      },
    ],
  },
  check: {
    image({ setuidCommands, level }) {
      if (level !== "declared") return notApplicable("the commands of a build show in its Dockerfile");
      return judgeItems(
        setuidCommands,
        ({ value, origins }) =>
          fail(`sets a setuid or setgid bit (${value}): anyone who runs that file gets its owner's rights`, {
            origins,
            evidence: value,
            observed: value,
          }),
        pass("no setuid bit set"),
      );
    },
  },
  remedy: {
    image: () =>
      manual(
        "Leave the bit out; a program that needs one privilege gets a file capability (setcap) or the container the capability. `find / -xdev -perm /6000 -type f -exec chmod a-s {} +` clears what the base brings.",
      ),
  },
};
