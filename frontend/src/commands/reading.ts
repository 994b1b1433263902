/** What a command is read as. */

import type { Status } from "../types";

export type Act =
  | { do: "send"; incident: string; units: string[]; divert: boolean }
  | { do: "status"; unit: string; status: Status }
  | { do: "mayday"; unit: string; on: boolean }
  | { do: "note"; incident: string; text: string }
  | { do: "close"; incident: string; reason: string }
  | { do: "show"; incident: string }
  | { do: "unit"; unit: string }
  | { do: "form" }
  | { do: "place"; incident: string }
  | { do: "answer"; alarm: string }
  | {
      do: "closeRoad";
      street: string;
      isArea: boolean;
      points: [number, number][];
      minutes: number | null;
      why: string;
    }
  | { do: "openRoad"; closure: string; name: string }
  | { do: "help" };

/** One reading of a command: `act` is null when it cannot be done, and `sentence` says why. */
export interface Reading {
  verb: string;
  sentence: string;
  detail: string;
  act: Act | null;
  incident: string | null;
  units: string[];
}

export function refuse(verb: string, sentence: string, detail = ""): Reading {
  return { verb, sentence, detail, act: null, incident: null, units: [] };
}
