import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { unresolved } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageSudo } from "./image-sudo.ts";

testControl(imageSudo, {
  fails: [
    dockerfile("FROM debian:12\nRUN sudo apt-get update", { message: /runs sudo apt-get/ }),
    dockerfile("FROM debian:12\nRUN cd /tmp && sudo -u app make"),
    dockerfile('FROM debian:12\nCMD ["sudo", "nginx"]'),
    dockerfile("FROM debian:12\nONBUILD RUN sudo make install"),
  ],
  passes: [
    dockerfile("FROM debian:12\nRUN apt-get install -y sudo"),
    dockerfile("FROM debian:12\n# sudo make me a sandwich\nRUN echo sudo"),
  ],
  unknown: [
    view("not read", image("declared", { sudoCommands: [unresolved("the script cannot be parsed")] })),
  ],
  notApplicable: [view("an image of the Engine's", image("configured"))],
});
