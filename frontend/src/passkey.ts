/** Passkeys (Web Authentication level 3): the browser's part of showing one and of making one. */

import { door } from "./door";
import { words } from "./words";

const say = words.signIn;

/** Whether this browser can, here: only on https, or on localhost. */
export const passkeysHere = (): boolean =>
  typeof PublicKeyCredential !== "undefined" &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";

/** What the person's passkey answers to the server's challenge. */
export async function showPasskey(use: "sign-in" | "unlock"): Promise<unknown> {
  const options = await door.passkeyOptions(use, "");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return asked(navigator.credentials.get({ publicKey }));
}

/** A new passkey of this person; `code` is the invitation's when they are not signed in yet. */
export async function makePasskey(use: "add" | "enrol", code = ""): Promise<unknown> {
  const options = await door.passkeyOptions(use, code);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return asked(navigator.credentials.create({ publicKey }));
}

/** The browser does not tell why not, on purpose: nobody is to learn which keys there are. */
async function asked(answer: Promise<Credential | null>): Promise<unknown> {
  const found = await answer.catch((error: Error) => {
    throw new Error(error.name === "InvalidStateError" ? say.passkeyKnown : say.passkeyNot);
  });
  if (!(found instanceof PublicKeyCredential)) throw new Error(say.passkeyNot);
  return found.toJSON();
}
