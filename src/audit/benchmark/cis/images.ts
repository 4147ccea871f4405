import type { Section } from "../benchmark.ts";
import { asked, scored, told } from "./recommend.ts";

export const images: Section = {
  number: "4",
  title: "Images and their build files",
  recommendations: [
    scored("4.1", 1, "Containers run as another user than root", "root-user", "image-root-user"),
    asked(
      "4.2",
      1,
      "Base images come from publishers you trust",
      "Go through the FROM lines and the images on the Engine: who publishes each, and are they pinned?",
    ),
    asked(
      "4.3",
      1,
      "Images hold no package that nobody needs",
      "Go through the packages of each image; a smaller base (slim, distroless, scratch) has fewer.",
    ),
    asked(
      "4.4",
      1,
      "Images are scanned and built anew for fixes",
      "Scan images for known holes in CI (trivy, grype, docker scout), and build them anew on a schedule.",
    ),
    scored("4.5", 2, "Signatures are checked on pull", "content-trust"),
    scored("4.6", 1, "Images that serve have a health check", "image-healthcheck"),
    told("4.7", 1, "Package lists are not updated in a separate step", "image-update-alone"),
    told("4.8", 2, "Images hold no setuid programs", "image-setuid", "image-setuid-files"),
    asked(
      "4.9",
      1,
      "COPY is used instead of ADD",
      "Confirm that each ADD unpacks an archive on purpose.",
      "image-add",
    ),
    told("4.10", 1, "No secret is in a Dockerfile or an image", "image-secret"),
    told("4.11", 2, "Packages are verified when they are installed", "image-unverified-packages"),
    asked(
      "4.12",
      1,
      "Signed artifacts are validated",
      "Check the signature of each file that a build downloads (gpg --verify, cosign verify-blob, sha256sum -c).",
    ),
  ],
};
