/** The words of these pages; one catalogue a language, as words.ts has for the control room. */

import { en } from "./words.en";

export const words: typeof en = en;
