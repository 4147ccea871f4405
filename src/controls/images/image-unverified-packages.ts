import { setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { combine, fail, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { byHistory, commandsOfLayer, type Flaw } from "./by-layer.ts";
import { isUncheckedVariable, uncheckedBy } from "./tables/unchecked.ts";

export const imageUnverifiedPackages: Control = {
  id: "image-unverified-packages",
  title: "Packages or files are fetched without a check",
  why: "Package managers check that a package is signed by its distribution, and HTTPS that a server is the one you named. An option or variable that turns this off lets anyone who sits between you and the server put a program of theirs into the image. A variable in ENV also holds for every program that the image runs later.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: ["4.11"],
  attack: ["T1195.002", "T1557"],
  cwe: [295, 347, 494],
  where: ["D", "A"],
  references: [
    "https://docs.docker.com/build/building/best-practices/",
    "https://curl.se/docs/sslcerts.html",
    "https://manpages.debian.org/apt-secure",
  ],
  examples: {
    bad: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN apt-get update && apt-get install -y --allow-unauthenticated curl\n",
      },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN curl -fsSLk https://x.example/a.tgz | tar xz\n" },
      { syntax: "dockerfile", text: "FROM node:22\nENV NODE_TLS_REJECT_UNAUTHORIZED=0\n" },
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN git -c http.sslVerify=false clone https://x.example/a\n",
      },
    ],
    good: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN curl -fsSLo /k https://x.example/key\n" },
    ],
  },
  check: {
    image: (image) =>
      combine([
        byHistory(fetchesUnchecked, "certificates and signatures are checked")(image),
        variablesOf(image),
      ]),
  },
  remedy: {
    image: () =>
      manual(
        "Remove the option. For a private certificate authority add its certificate (update-ca-certificates, NODE_EXTRA_CA_CERTS, PIP_CERT, git's http.sslCAInfo); for a private repository its signing key (signed-by=).",
      ),
  },
};

function fetchesUnchecked(instruction: string): Flaw | undefined {
  for (const command of commandsOfLayer(instruction)) {
    const evidence = uncheckedBy(command);
    if (evidence === undefined) continue;
    return {
      message: `installs or fetches with ${evidence}: nobody checks who made what it gets`,
      evidence,
    };
  }
  return undefined;
}

function variablesOf({ environment, buildArguments }: Image) {
  return combine([
    ...setItems([...environment, ...buildArguments])
      .filter(({ value: { name, value = "" } }) => isUncheckedVariable(name, value))
      .map(({ value: { name }, origins }) =>
        fail(`sets ${name}: programs of the image no longer check whom they talk to`, {
          origins,
          evidence: name,
          observed: name,
        }),
      ),
    pass(),
  ]);
}
