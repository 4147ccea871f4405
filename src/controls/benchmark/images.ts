import { fail, pass, unknown } from "../../model/verdict.ts";
import { benchmarkControl, bySight } from "./define.ts";

export const contentTrust = benchmarkControl({
  id: "content-trust",
  title: "Image signatures are not checked on pull",
  why: "With DOCKER_CONTENT_TRUST=1 the docker command pulls only images that their publisher signed. It is a setting of each user's shell, not of the Engine, and Docker is retiring the service behind it for its official images: cosign or Notation with an admission check, or digests, do the job today.",
  severity: "info",
  cis: ["4.5"],
  attack: ["T1195.002"],
  cwe: [347],
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

export const imageSetuidFiles = benchmarkControl({
  id: "image-setuid-files",
  title: "The image has setuid programs",
  why: "A setuid program runs as its owner, mostly root, no matter who starts it. In an image that runs as another user, such a program is the way back to root. Most images need none of those that their base image brings (su, mount, passwd).",
  severity: "low",
  cis: ["4.8"],
  attack: ["T1548.001"],
  cwe: [250],
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
