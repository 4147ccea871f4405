import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly jenkins: true;
  }
}

export const jenkins = {
  nouns: ["Jenkinsfile", "Jenkinsfiles"],
  recognise: { name: (path) => /(?:^|\/)jenkinsfile(?:\.[^/]+)?$|\.jenkinsfile$/i.test(path) },
  sources: {
    jenkins: {
      title: "Jenkins container",
      nouns: ["container of Jenkins", "containers of Jenkins"],
      isOneCommand: true,
    },
  },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readJenkins } = await import("./read.ts");
    return readJenkins(text, file, io);
  }),
} satisfies Format;
