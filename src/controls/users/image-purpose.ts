import { setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { parseImageReference } from "../../model/image-reference.ts";

/** What people use an image for where that is not a server: root in it is reached by less, and often needed. */
export type Purpose = "desktop" | "building";

/** Images with compilers and build tools, whose containers end with a build: by registry and repository. */
const toolchains =
  /^(?:docker\.io\/(?:library\/(?:golang|rust|gcc|maven|gradle|buildpack-deps|haskell|swift|dart)|(?:cimg|circleci|gitpod)\/.+)|mcr\.microsoft\.com\/(?:dotnet\/sdk|(?:vscode\/)?devcontainers\/.+))$/;

/** Packages of programs with windows, and what only these need: X11, GTK, Qt, Mesa. */
const windowPackages =
  /(?:^|[\s=])(?:xvfb|xorg\S*|xserver-xorg\S*|x11-\S+|xauth|libx11-(?:6|xcb1)|libgtk\S*|gtk[+]?[23]\S*|libcanberra-gtk\S*|libgl1\S*|mesa-(?:dri|gl|utils)\S*|libqt[4-6]\S*|qt[56]\S*|libxss1|libxtst6|inkscape|libreoffice\S*|keepass2|kicad|openscad|remmina\S*|rdesktop|wine\S*|virtualbox\S*|gimp|vlc|audacity|firefox\S*|chromium\S*|google-chrome\S*|thunderbird|transmission-gtk|virt-viewer|evince)(?=\s|$|[;&\\])/;

/** Undefined for a server, and where nothing says what it is for. */
export function purposeOf({ base, environment, exposedPorts, history }: Image): Purpose | undefined {
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
