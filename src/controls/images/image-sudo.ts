import { fail, notApplicable, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const imageSudo: Control = {
  id: "image-sudo",
  title: "The build uses sudo",
  why: "A build runs as root until USER says otherwise, so sudo is either idle or means that a user may become root without a password. In the second case sudo and its rule are in the image: anyone who takes the process over is root at once. sudo also hides signals and the terminal from the program that it starts.",
  row: "2.11",
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1548.003"],
  cwe: [250],
  where: ["D"],
  references: [
    "https://docs.docker.com/build/building/best-practices/#user",
    "https://man7.org/linux/man-pages/man8/sudo.8.html",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN sudo apt-get update\n" },
      { syntax: "dockerfile", text: 'FROM debian:12\nCMD ["sudo", "nginx"]\n' },
    ],
    good: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update\nUSER 1000\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN echo no sudo here\n" },
    ],
  },
  check: {
    image({ sudoCommands, level }) {
      if (level !== "declared") return notApplicable("the commands of a build show in its Dockerfile");
      return judgeItems(
        sudoCommands,
        ({ value, origins }) =>
          fail(`runs ${value}: a user of the image may become root without a password`, {
            origins,
            evidence: value,
            observed: value,
          }),
        pass("no sudo"),
      );
    },
  },
  remedy: {
    image: () =>
      manual(
        "Do what needs root before USER, without sudo, and leave sudo out of the image; an entrypoint that must drop uses setpriv or gosu.",
      ),
  },
};
