import { programOf } from "../../base/shell.ts";
import { setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { combine, fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { byLayer, commandsOfLayer, copyOf, type Flaw, isInBuilder } from "./by-layer.ts";

export const imageCopiedSecret: Control = {
  id: "image-copied-secret",
  title: "A secret file is copied into the image",
  why: "A private key, a .env or a credentials file that COPY brings in is in a layer of the image. Everyone who may pull it can take the file out, and a later RUN rm does not take it back.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1552.004", "T1552.001"],
  cwe: [312, 538],
  where: ["D"],
  references: ["https://docs.docker.com/build/building/secrets/"],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nCOPY id_rsa /root/.ssh/id_rsa\n" },
      { syntax: "dockerfile", text: "FROM node:22\nCOPY .env /app/\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nCOPY server.key /etc/ssl/private/\n" },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN --mount=type=secret,id=key,target=/root/.ssh/id_rsa git clone x\nCOPY .env.example /app/\nCOPY id_rsa.pub /k\n",
      },
    ],
  },
  check: {
    image(image) {
      const isBuilder = isInBuilder(image);
      const copied = byLayer(
        (instruction, origins) => copiesSecret(instruction, isBuilder(origins)),
        "no secret file is copied",
      );
      return combine([copied(image), fromContext(image)]);
    },
  },
  remedy: {
    image({ history, contextSecrets }) {
      const [along] = setItems(contextSecrets);
      if (along) {
        return manual(
          `List ${along.value} in .dockerignore beside the Dockerfile, or name what the image needs in COPY. Change what is secret in it if the image was pushed.`,
        );
      }
      const file = setItems(history).flatMap(({ value }) => secretFileOf(value) ?? [])[0] ?? "the file";
      const name = file.slice(file.lastIndexOf("/") + 1);
      return manual(
        /^\.env/.test(name)
          ? `Take the COPY out, list ${name} in .dockerignore, and give its variables when the container runs: \`docker run --env-file ${file}\`, or env_file: in Compose. Change what is secret in it.`
          : `Take the COPY out, list ${name} in .dockerignore, and mount it for the one RUN that needs it: \`RUN --mount=type=secret,id=${idOf(name)},target=PATH\` with \`docker build --secret id=${idOf(name)},src=${file}\`. Change the secret.`,
      );
    },
  },
};

/** Where the file is then, and how bad that is. A stage that the image does not start from keeps its layers. */
function readersOf(isBuilder: boolean, what: string) {
  return isBuilder
    ? {
        place: "a build stage",
        harm: `${what || "it"} stays in the build cache, and in what COPY --from takes along`,
        severity: "medium" as const,
      }
    : {
        place: "the image",
        harm: what === "" ? "everyone who may pull it can read the file" : what,
        severity: undefined,
      };
}

/** What a COPY of a whole folder takes along, where the audit sees that folder. */
function fromContext(image: Image): Verdict {
  const isBuilder = isInBuilder(image);
  return combine([
    ...setItems(image.contextSecrets).map(({ value, origins }) => {
      const isHistory = /(?:^|\/)\.git$/.test(value);
      const isNamed = setItems(image.history).some(({ value: instruction }) =>
        copyOf(instruction)?.sources.some((source) => source.replace(/^\.?\//, "") === value),
      );
      const { place, harm, severity } = readersOf(
        isBuilder(origins),
        isHistory ? "the whole history, with what was deleted from it" : "",
      );
      return fail(
        isNamed
          ? `copies ${value}, which holds a private key, into ${place}: ${harm}`
          : `copies the whole folder, and ${value} with it, into ${place}: ${harm}; no .dockerignore leaves it out`,
        {
          origins,
          evidence: value,
          observed: value,
          severity: isHistory ? (severity ? "low" : "medium") : severity,
        },
      );
    }),
    pass(),
  ]);
}

/** Whether a file of this name holds a credential. */
export function isSecretFile(name: string): boolean {
  return secretFile.test(name);
}

/** Names that hold a credential wherever they are: keys of SSH, TLS and PGP, and credential files of common tools. */
const secretFile =
  /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.env(?:\.(?!(?:example|sample|template|dist|defaults?)$)[\w-]+)?|\.netrc|\.pgpass|\.npmrc|\.pypirc|\.htpasswd|\.git-credentials|\.vault-token|credentials\.json|service-account[\w-]*\.json|[\w.-]*\.(?:key|p12|pfx|jks|keystore|ppk)|[\w.-]*(?:privkey|private)[\w.-]*\.pem)$|(?:^|\/)\.docker\/config\.json$|(?:^|\/)\.(?:ssh|aws|kube|gnupg)(?:\/(?!.*\.pub$).*)?$/i;

function secretFileOf(instruction: string): string | undefined {
  const copy = copyOf(instruction);
  // What another stage or image has is judged there.
  if (!copy || /--from=/i.test(copy.flags)) return undefined;
  return copy.sources.find((source) => secretFile.test(source) && !/^https?:/i.test(source));
}

/** A name for --secret: `id_rsa`, `server_key`. */
function idOf(name: string): string {
  return name.replace(/^\W+/, "").replaceAll(/[^\w]/g, "_") || "secret";
}

/** What `RUN --mount` shows to a step, which then copies it into its layer. */
function copiedFromMount(instruction: string): string | undefined {
  if (!/^RUN\s+(?:--\S+\s+)*--mount=/i.test(instruction)) return undefined;
  const flags = /^RUN\s+((?:--\S+\s+)*)/i.exec(instruction)?.[1] ?? "";
  const commands = commandsOfLayer(instruction);
  const removed = commands.flatMap(({ words }) => (/^(?:rm|shred)$/.test(programOf(words)) ? words : []));
  for (const [, list = ""] of flags.matchAll(/--mount=(\S+)/g)) {
    const options = new Map(
      list.split(",").map((each) => [each.split("=", 1)[0] ?? "", each.slice(each.indexOf("=") + 1)]),
    );
    const option = (...names: readonly string[]) =>
      names.map((name) => options.get(name)).find((each) => each);
    const kind = option("type") ?? "bind";
    if ((kind !== "bind" && kind !== "secret") || options.has("from")) continue;
    const source = option("source", "src") ?? "";
    const target =
      option("target", "dst", "destination") ??
      (kind === "secret" ? `/run/secrets/${option("id") ?? ""}` : ".");
    for (const { words } of commands) {
      const [first, ...rest] = words;
      const into = rest.findIndex((word) => /^1?>>?/.test(word));
      const isCopy = /^(?:cp|mv|install|rsync|ln)$/.test(programOf([first ?? ""])) && rest.length > 1;
      if (!isCopy && !(programOf([first ?? ""]) === "cat" && into !== -1)) continue;
      const to = isCopy ? (rest.at(-1) ?? "") : ((rest[into]?.replace(/^1?>+/, "") || rest[into + 1]) ?? "");
      if (removed.includes(to) || /^\/(?:dev|proc|run\/secrets)\//.test(to)) continue;
      for (const word of isCopy ? rest.slice(0, -1) : rest.slice(0, into)) {
        const inside =
          word === target ? "" : word.startsWith(`${target}/`) ? word.slice(target.length + 1) : undefined;
        const relative = target === "." && !word.startsWith("/") ? word : inside;
        if (relative === undefined || word.startsWith("-")) continue;
        const path = [source, relative].filter((each) => each !== "" && each !== ".").join("/");
        if (kind === "secret" || secretFile.test(path)) return kind === "secret" ? target : path;
      }
    }
  }
  return undefined;
}

function copiesSecret(instruction: string, isBuilder: boolean): Flaw | undefined {
  const file = secretFileOf(instruction) ?? copiedFromMount(instruction);
  if (file === undefined) return undefined;
  const { place, harm, severity } = readersOf(isBuilder, "");
  return { message: `copies ${file} into ${place}: ${harm}`, evidence: file, severity };
}
