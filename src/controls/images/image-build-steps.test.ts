import { testControl, view } from "../../../test/support/control-table.ts";
import { set } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageAdd, imageUpdateAlone } from "./image-build-steps.ts";

const made = (...history: readonly string[]) =>
  image("configured", { history: history.map((line) => set(line)) });

testControl(imageUpdateAlone, {
  fails: [
    view("apt", made("/bin/sh -c apt-get update")),
    view("apk", made("RUN /bin/sh -c apk --no-cache update # buildkit")),
  ],
  passes: [
    view("with install", made("/bin/sh -c apt-get update && apt-get install -y curl")),
    view("npm", made("RUN npm update")),
  ],
  unknown: [view("imported", image("configured"))],
});

testControl(imageAdd, {
  fails: [
    view("a file", made("/bin/sh -c #(nop) ADD file:abc in /app", "/bin/sh -c #(nop) ADD file:base in /")),
  ],
  passes: [
    view("the base alone", made('/bin/sh -c #(nop)  CMD ["sh"]', "/bin/sh -c #(nop) ADD file:base in /")),
    view("an archive", made("ADD app.tar.gz /app # buildkit", "x")),
  ],
});
