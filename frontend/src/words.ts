/** The words of the page. One catalogue a language, of the same shape; English for now. */

import { en } from "./words.en";

export type Words = typeof en;
export const words: Words = en;
