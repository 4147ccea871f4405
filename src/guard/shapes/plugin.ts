import { list, string, struct } from "./shape.ts";

/** What the client grants: https://pkg.go.dev/github.com/moby/moby/api/types/plugin#Privileges */
export const pluginPrivileges = list(struct({ Name: string, Description: string, Value: list(string) }));

/** `NAME=VALUE`, each. */
export const pluginSettings = list(string);
