import { list, path, string, struct, text } from "./shape.ts";

/** What the client grants: https://pkg.go.dev/github.com/moby/moby/api/types/plugin#Privileges */
export const pluginPrivileges = list(struct({ Name: string, Description: text, Value: list(path) }));

/** `NAME=VALUE`, each. */
export const pluginSettings = list(text);
