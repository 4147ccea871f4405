import type { SetFact } from "../../model/fact.ts";
import { firstOpen, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { combine, fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { benchmarkControl, bySight } from "./define.ts";

const building = "https://docs.docker.com/build/building/best-practices/";

/** Looks into what made each layer; `find` gives what is wrong with a command, or nothing. */
function byHistory(find: (command: string) => string | undefined, good: string) {
  return ({ history, level }: Image): Verdict => {
    const parts = setItems(history).flatMap((layer: SetFact<string>) => {
      const found = find(layer.value);
      return found === undefined ? [] : [fail(found, { origins: layer.origins, evidence: found })];
    });
    const open = firstOpen(history);
    const none = level === "configured" && history.length === 0;
    if (none) return unknown("the Engine does not tell how the image was made");
    return combine([...parts, open ? unknown(open.reason, open.origins) : pass(good)]);
  };
}

export const contentTrust = benchmarkControl({
  id: "content-trust",
  title: "Image signatures are not checked on pull",
  why: "With DOCKER_CONTENT_TRUST=1 the docker command pulls only images that their publisher signed. It is a setting of each user's shell, not of the Engine, and Docker is retiring the service behind it for its official images: cosign or Notation with an admission check, or digests, do the job today.",
  severity: "info",
  cis: ["4.5"],
  where: ["E"],
  references: ["https://docs.docker.com/engine/security/trust/"],
  advice:
    "Set DOCKER_CONTENT_TRUST=1 where images are pulled, or pin images by digest and verify their signatures in CI.",
  check: {
    engine: bySight(({ contentTrust: value }) =>
      value === "1"
        ? pass("DOCKER_CONTENT_TRUST=1")
        : fail("does not check signatures when you pull: DOCKER_CONTENT_TRUST is not set in this shell", {
            evidence: "DOCKER_CONTENT_TRUST",
            observed: value ?? "not set",
          }),
    ),
  },
});

const updates =
  /\b(?:apt-get|apt|aptitude|yum|dnf|microdnf|zypper|apk)\b(?:\s+-[^\s;&|]+)*\s+(?:update|upgrade|refresh)\b/;
const installs =
  /\b(?:apt-get|apt|aptitude|yum|dnf|microdnf|zypper)\b[^;&|]*\s(?:install|upgrade|dist-upgrade|build-dep|reinstall|in)\b|\bapk\b[^;&|]*\s(?:add|upgrade)\b|--mount=type=cache/;

export const imageUpdateAlone = benchmarkControl({
  id: "image-update-alone",
  title: "Package lists are updated in a step of their own",
  why: "The build cache keeps the layer of `RUN apt-get update` as long as that line stays the same. The next RUN then installs from a list that may be months old, without the security fixes since.",
  severity: "info",
  cis: ["4.7"],
  where: ["D", "A"],
  references: [building],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n" },
    ],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" }],
  },
  advice: "Update and install in one RUN: RUN apt-get update && apt-get install -y NAME.",
  check: {
    image: byHistory(
      (command) =>
        updates.test(command) && !installs.test(command)
          ? "updates the package lists in a step that installs nothing: the next step may install old packages"
          : undefined,
      "no update alone",
    ),
  },
});

/** What ADD can do and COPY cannot: fetch, unpack. */
const needsAdd = /(?:https?:\/\/|git@|\.git\b|\.(?:tar|tgz|tbz2?|txz|tar\.\w+)\b)/i;

export const imageAdd = benchmarkControl({
  id: "image-add",
  title: "ADD is used where COPY would do",
  why: "ADD unpacks archives and fetches URLs without being asked twice: a file that is an archive one day, or an address that answers something else, changes the image. COPY only copies.",
  severity: "info",
  cis: ["4.9"],
  where: ["D", "A"],
  references: ["https://docs.docker.com/build/building/best-practices/#add-or-copy"],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12\nADD app /app\n" }],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nCOPY app /app\n" }],
  },
  advice: "Write COPY instead of ADD, unless ADD is to unpack an archive or to fetch a URL with --checksum.",
  check: {
    image: (image) => byHistory(addsFiles, "no ADD")(withoutRoot(image)),
  },
});

function addsFiles(command: string): string | undefined {
  const adds = /^(?:\/bin\/sh -c #\(nop\)\s+)?ADD\s/i.test(command) && !needsAdd.test(command);
  return adds ? "uses ADD for files that COPY would copy" : undefined;
}

/** The oldest layer is the base's root file system, which every base is made of by ADD. */
function withoutRoot(image: Image): Image {
  if (image.level !== "configured") return image;
  return {
    ...image,
    history: image.history.map((item, index) =>
      item.state === "set" && index === image.history.length - 1 ? { ...item, value: "" } : item,
    ),
  };
}

export const imageSetuidFiles = benchmarkControl({
  id: "image-setuid-files",
  title: "The image has setuid programs",
  why: "A setuid program runs as its owner, mostly root, whoever starts it. In an image that runs as another user, such a program is the way back to root. Most images need none of those that their base image brings (su, mount, passwd).",
  severity: "low",
  cis: ["4.8"],
  where: ["A"],
  references: ["https://man7.org/linux/man-pages/man2/execve.2.html"],
  advice:
    "Take the bits away at the end of the build: RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +; or run with no-new-privileges.",
  check: {
    image(_, { sight, subject }) {
      if (!sight) return unknown("the Engine was not asked for it");
      const files = subject === undefined ? undefined : sight.setuidFiles.get(subject);
      if (!files) return unknown("the image's layers cannot be read from here");
      const [first] = files;
      if (!first) return pass("no setuid program");
      const names = files.map(({ value }) => value);
      const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
      return fail(`has setuid or setgid programs: ${names.slice(0, 3).join(", ")}${more}`, {
        origins: files.slice(0, 20).flatMap(({ origins }) => origins),
        evidence: "setuid",
        observed: `${names.length} files`,
      });
    },
  },
});

const unverified =
  /--allow-unauthenticated|--force-yes|--no-gpg-checks?|--nogpgcheck|--allow-untrusted|--trusted-host|\[[^\]]*trusted=yes|--no-check-certificate|--insecure\b|Acquire::\w*::?AllowInsecure/;

export const imageUnverifiedPackages = benchmarkControl({
  id: "image-unverified-packages",
  title: "Packages are installed without checking signatures",
  why: "Package managers check that a package is signed by its distribution. An option that turns this off lets whoever sits between you and the mirror put a program of theirs into the image.",
  severity: "medium",
  cis: ["4.11"],
  where: ["D", "A"],
  references: [building],
  examples: {
    bad: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN apt-get update && apt-get install -y --allow-unauthenticated curl\n",
      },
    ],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" }],
  },
  advice: "Remove the option, and add the repository's signing key instead (signed-by=).",
  check: {
    image: byHistory((command) => {
      const option = unverified.exec(command)?.[0];
      return option === undefined
        ? undefined
        : `installs or fetches with ${option}: nobody checks who made what it gets`;
    }, "signatures are checked"),
  },
});
