import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { accountNamed, closeSessions } from "../../store/accounts/accounts.ts";
import { forgetFailures, takeAttempt } from "../../store/accounts/attempts.ts";
import { secondStepOf, setSecondStep } from "../../store/accounts/second-step.ts";
import { accountOf, auditFor, body, json, route } from "../http/access.ts";
import { addressOf } from "../http/address.ts";
import { type Carried, pageAddress, signIn } from "../http/session.ts";
import type { Service } from "../service.ts";
import { longestPassword } from "../sign-in/passwords.ts";
import {
  codeNumber,
  hashRecoveryCode,
  newRecoveryCodes,
  offerSecret,
  passSecondStep,
} from "../sign-in/second-step.ts";
import { busy, tooMany } from "./account-shapes.ts";
import { failure } from "./shapes.ts";

const ofAccount = { path: "/account/second-step", "x-hosts": "no host" } as const;
const providerSignsIn = { error: "Your provider signs you in: set up a second step there." };

/** The second step of one's own sign-in: a code of an authenticator app, after the password. */
export function addSecondStep(api: OpenAPIHono<Carried>, service: Service) {
  const { database, passwords, turns } = service;
  const log = auditFor(service);

  return api
    .openapi(
      route(
        "viewer",
        {
          ...ofAccount,
          method: "get",
          summary: "Whether your sign-in asks for a code after the password",
          responses: {
            200: json(
              z.object({ isOn: z.boolean(), recoveryCodes: z.number().int() }).openapi("SecondStep"),
              "Whether it does, and how many recovery codes are left",
            ),
          },
        },
        "none",
      ),
      async (context) => {
        const step = await secondStepOf(database, accountOf(context).id);
        return context.json({ isOn: step !== undefined, recoveryCodes: step?.recovery.length ?? 0 }, 200);
      },
    )

    .openapi(
      route(
        "viewer",
        {
          ...ofAccount,
          method: "post",
          summary: "A new secret for an authenticator app; nothing is kept until it is turned on",
          responses: {
            200: json(
              z.object({ secret: z.string(), address: z.string() }).openapi("OfferedSecret"),
              "In base32, and as the otpauth address that a QR code holds",
            ),
          },
        },
        "none",
      ),
      (context) =>
        context.json(offerSecret(accountOf(context).name, pageAddress(service, context).hostname), 200),
    )

    .openapi(
      route(
        "viewer",
        {
          ...ofAccount,
          method: "put",
          summary: "Turn the second step on or off; your other sessions end",
          request: {
            body: body(
              z
                .object({
                  password: z.string().max(longestPassword),
                  /** Null: off. */
                  secret: z
                    .string()
                    .regex(/^[A-Z2-7]{32}$/)
                    .nullable(),
                  /** A code made with the secret; to turn it off, of the app that is set up, or a recovery code. */
                  code: z.string().max(32),
                })
                .openapi("ChangeSecondStep"),
            ),
          },
          responses: {
            200: json(
              z.object({ recoveryCodes: z.array(z.string()) }).openapi("RecoveryCodes"),
              "Each good once, if the app is lost; they are not shown again",
            ),
            409: json(failure, "The provider signs you in, or it is on already"),
            429: json(failure, "Too many wrong tries; Retry-After says when to try again"),
            503: json(failure, "Too many sign in at once; Retry-After says when to try again"),
          },
        },
        "none",
      ),
      async (context) => {
        const { id, name } = accountOf(context);
        const { password, secret, code } = context.req.valid("json");
        const account = await accountNamed(database, name);
        if (account?.id !== id) return context.json(providerSignsIn, 409);
        const key = `account ${name.toLowerCase()}`;
        const wait = await takeAttempt(database, key, Date.now());
        if (wait > 0) return context.json(tooMany(context, wait), 429);
        const isRight = await turns.run(addressOf(context, service.proxies), () =>
          passwords.matches(account.password, password),
        );
        if (isRight === undefined) return context.json(busy(context), 503);
        if (!isRight) return context.json({ error: "Your password is another one." }, 403);
        const before = await secondStepOf(database, id);
        if (secret !== null && before)
          return context.json({ error: "It is on already. Turn it off to set up another app." }, 409);
        const wrong = { error: "The code is wrong, or was used already. Is the clock of your phone right?" };
        let codes: readonly string[] = [];
        if (secret === null) {
          const passed = await passSecondStep(database, id, code, Date.now());
          if (passed !== "passed" && passed !== "recovered") return context.json(wrong, 403);
          const step = await secondStepOf(database, id);
          if (!(await setSecondStep(database, id, step, undefined))) return context.json(wrong, 403);
        } else {
          const last = codeNumber(secret, code, Date.now());
          if (last === undefined) return context.json(wrong, 403);
          codes = newRecoveryCodes();
          const next = { secret, last, recovery: codes.map(hashRecoveryCode) };
          if (!(await setSecondStep(database, id, undefined, next))) return context.json(wrong, 403);
        }
        await forgetFailures(database, key);
        await closeSessions(database, id);
        await signIn(service, context, account);
        await log(context, secret === null ? "second step turned off" : "second step turned on", {});
        return context.json({ recoveryCodes: [...codes] }, 200);
      },
    );
}
