/** Reads the command line: what would happen, in one sentence, before Enter does it. */

import { lost, pictureMs } from "../connection";
import * as store from "../store";
import { clockTime } from "../time";
import { words } from "../words";
import { findIncident, findUnit, isIncidentWord, statusOf } from "./names";
import { type Reading, refuse } from "./reading";
import { type Reader, VERBS } from "./verbs";

/** Acts that must not be done from a picture that is not live. */
const needsLive = new Set([
  "send",
  "status",
  "mayday",
  "close",
  "answer",
  "place",
  "closeRoad",
  "openRoad",
]);

/** What the text says; null for an empty line. `open` is the incident on the card. */
export function read(text: string, open: string | null): Reading | null {
  const tokens = text.trim().split(/\s+/).filter(Boolean);
  if (!tokens.length) return null;
  const reading = readTokens(tokens, open);
  if (reading.act && needsLive.has(reading.act.do) && lost.value) {
    const clock = clockTime(pictureMs.value ?? Date.now());
    return {
      ...reading,
      act: null,
      sentence: words.lost.refused(clock),
      detail: words.lost.refusedHow,
    };
  }
  return reading;
}

function readTokens(tokens: string[], open: string | null): Reading {
  const first = tokens[0]!.toLowerCase();
  const verb: Reader | undefined = VERBS[first];
  if (verb) return verb(tokens.slice(1), open);
  if (isIncidentWord(first) && findIncident(first)) return VERBS.i!(tokens, open);
  const unit = findUnit(first);
  // The radio's order: the unit, then what it says.
  if (unit && tokens[1] && statusOf(tokens[1])) return VERBS.s!(tokens, open);
  if (unit) return VERBS.u!(tokens, open);
  if (first.length === 1 || !store.unitList.value.length)
    return refuse("", words.cmd.unknown(tokens[0]!), words.cmd.unknownHow);
  return refuse("", words.cmd.unknown(tokens[0]!), words.cmd.unknownHow);
}
