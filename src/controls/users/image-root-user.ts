import { parseImageReference } from "../../model/container/image-reference.ts";
import { isOpen, originsOf, setItems, valueOr } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { Origin } from "../../model/origin.ts";
import type { ImagePatch } from "../../model/patch.ts";
import { fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual, type Remedy } from "../control.ts";
import { knownImage } from "../images/tables/known-images.ts";
import { isRootText } from "./user-text.ts";

/** What people use an image for where that is not a server: root in it is reached by less, and often needed. */
type Purpose = "desktop" | "building";

/** Images with compilers and build tools, whose containers end with a build: by registry and repository. */
const toolchains =
  /^(?:docker\.io\/(?:library\/(?:golang|rust|gcc|maven|gradle|buildpack-deps|haskell|swift|dart)|(?:cimg|circleci|gitpod)\/.+)|mcr\.microsoft\.com\/(?:dotnet\/sdk|(?:vscode\/)?devcontainers\/.+))$/;

/** Packages of programs with windows, and what only these need: X11, GTK, Qt, Mesa. */
const windowPackages =
  /(?:^|[\s=])(?:xvfb|xorg\S*|xserver-xorg\S*|x11-\S+|xauth|libx11-(?:6|xcb1)|libgtk\S*|gtk[+]?[23]\S*|libcanberra-gtk\S*|libgl1\S*|mesa-(?:dri|gl|utils)\S*|libqt[4-6]\S*|qt[56]\S*|libxss1|libxtst6|inkscape|libreoffice\S*|keepass2|kicad|openscad|remmina\S*|rdesktop|wine\S*|virtualbox\S*|gimp|vlc|audacity|firefox\S*|chromium\S*|google-chrome\S*|thunderbird|transmission-gtk|virt-viewer|evince)(?=\s|$|[;&\\])/;

/** Undefined for a server, and where nothing says what it is for. */
function purposeOf({ base, environment, exposedPorts, history }: Image): Purpose | undefined {
  if (exposedPorts.length > 0) return undefined;
  const variables = setItems(environment).map(({ value }) => value.name);
  const commands = setItems(history).map(({ value }) => value);
  if (variables.includes("DISPLAY") || commands.some((command) => windowPackages.test(command))) {
    return "desktop";
  }
  if (base.state !== "set") return undefined;
  const { registry, repository } = parseImageReference(base.value);
  return toolchains.test(`${registry}/${repository}`) ? "building" : undefined;
}

const consequence = "every container of it starts as root, unless you set another user when you run it";
const noUser = "has no USER";

export const imageRootUser: Control = {
  id: "image-root-user",
  title: "The image starts as root",
  why: "Containers run as the image's user unless somebody sets another, and hardly anybody does. An image whose user is root makes every container of it a root container, and its entrypoint writes files that only root can change. The last USER of the final stage counts. Without one the base image's user counts.",
  row: "2.11",
  severity: "medium",
  guard: "off",
  cis: ["4.1"],
  attack: ["T1611", "T1525"],
  cwe: [250],
  where: ["D", "A"],
  pointer: "/Config/User",
  references: [
    "https://docs.docker.com/reference/dockerfile/#user",
    "https://docs.docker.com/build/building/best-practices/#user",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: 'FROM debian:12\nCMD ["sleep", "1"]\n' },
      { syntax: "dockerfile", text: "FROM node:22\nUSER node\nUSER root\n" },
      {
        syntax: "dockerfile",
        text: "FROM golang:1.23 AS build\nUSER 1000\nFROM scratch\nCOPY --from=build /app /app\n",
      },
    ],
    good: [
      { syntax: "dockerfile", text: "FROM node:22\nUSER node\n" },
      { syntax: "dockerfile", text: "FROM gcr.io/distroless/static-debian12:nonroot\nCOPY app /app\n" },
    ],
  },
  check: {
    image(image) {
      const { user } = image;
      if (isOpen(user)) return unknownFact(user);
      if (user.state === "unset") return image.level === "declared" ? judgeBase(image) : judgeUser(image, "");
      if (!isRootText(user.value)) return pass(`user ${user.value}`);
      return judgeUser(image, user.value, user.origins);
    },
  },
  remedy: {
    image({ level, base, baseUser, user }): Remedy<ImagePatch> {
      if (level !== "declared") {
        return manual("Build the image with a USER at the end, or run it with --user.");
      }
      const before = valueOr(baseUser, "");
      if (user.state === "set" && before !== "" && !isRootText(before)) return endWith(before);
      const name = valueOr(base, "");
      if (isWindows(name)) {
        return manual("Windows has other users: end the final stage with USER ContainerUser.");
      }
      const needs = name === "" ? undefined : knownImage(name)?.needs;
      if (!needs || needs.bare) return endWith(needs?.nonRoot?.user ?? "1000:1000");
      const { nonRoot } = needs;
      if (!nonRoot) {
        return manual(
          `See in the documentation of ${name} as which other user it starts: its own server expects root.`,
        );
      }
      return nonRoot.prepare === undefined
        ? endWith(nonRoot.user)
        : manual(`End the final stage with ${nonRoot.prepare} and USER ${nonRoot.user}.`);
    },
  },
};

/** @see https://learn.microsoft.com/en-us/virtualization/windowscontainers/manage-containers/container-base-images */
function isWindows(base: string): boolean {
  return /windows|nanoserver|servercore|-ltsc20\d\d/i.test(base);
}

function endWith(user: string): Remedy<ImagePatch> {
  const number = /^[0-9]/.test(user) ? "; a number needs no entry in /etc/passwd" : "";
  return {
    kind: "decision",
    summary: `End the final stage with USER ${user}${number}.`,
    patches: [{ op: "set", field: "user", value: user }],
    breaks:
      "Files that the build left to root cannot be written at run time (EACCES, “Permission denied”): COPY --chown, or chown the folders that it writes to before USER.",
  };
}

/** The image says nothing, so what it is built from decides; a base that nobody knows counts as root. */
function judgeBase(image: Image): Verdict {
  const { base, baseUser } = image;
  if (baseUser.state === "set") {
    if (!isRootText(baseUser.value)) return pass(`user ${baseUser.value}, from its base`);
    return judgeUser(image, "", originsOf(base));
  }
  if (isOpen(base)) return unknownFact(base);
  const known = base.state === "set" ? knownImage(base.value) : undefined;
  if (known && !isRootText(known.user)) return pass(`user ${known.user}, from its base`);
  return judgeUser(image, "", originsOf(base));
}

function judgeUser(image: Image, user: string, origins: readonly Origin[] = []): Verdict {
  const how = user === "" ? noUser : `ends with USER ${user}`;
  const because = user === "" ? ofBase(image) : "";
  const purpose = purposeOf(image);
  const why = purpose === undefined ? "" : ` (${kinds[purpose]})`;
  return fail(`${how}${why}: ${because}${consequence}`, {
    origins,
    severity: purpose === undefined ? undefined : "low",
    observed: user === "" ? "no user" : user,
  });
}

/** What makes it root, where a reader would look for that: in its base. */
function ofBase({ base, baseUser, level }: Image): string {
  if (level !== "declared" || base.state !== "set" || base.value === "scratch") return "";
  const isKnown = baseUser.state === "set" || knownImage(base.value) !== undefined;
  const text = isKnown ? "starts as root" : "is not known to set one";
  return `its base ${base.value} ${text}, and `;
}

const kinds: Readonly<Record<Purpose, string>> = {
  desktop: "an image for the desktop",
  building: "an image for building",
};
