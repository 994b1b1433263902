/** Marks of the city's own things, in ink only: colours belong to units. */

import type { Theme } from "../theme";
import { COLOURS } from "./colours";
import { box, canvas, measure, type Pen, pixels } from "./icons";

const FONT = '"Noto Sans", sans-serif';
/** Pictures on a grid of 24 by 24, filled by the even-odd rule. */
const SHAPES: Record<string, string> = {
  hospital: "M6 4h4v6h4V4h4v16h-4v-6h-4v6H6z",
  fire_station:
    "M13 2c1 4 6 7 6 12a7 7 0 0 1-14 0c0-3 2-5 3-7 1 2 2 2 2 2 2-2 3-4 3-7zm-1 11c-2 2-3 3-3 5a3 3 0 0 0 6 0c0-2-2-3-3-5z",
  police: "M12 2l8 3v6c0 5-3 9-8 11-5-2-8-6-8-11V5zm0 4l-4 1.5V11c0 3 1.5 5.5 4 7z",
  ambulance_station: "M9 3h6v6h6v6h-6v6H9v-6H3V9h6z",
  clinic: "M9 3h6v6h6v6h-6v6H9v-6H3V9h6zm2 2v6H5v2h6v6h2v-6h6v-2h-6V5z",
  pharmacy: "M9 3h6v6h6v6h-6v6H9v-6H3V9h6zm2 2v6H5v2h6v6h2v-6h6v-2h-6V5z",
  helipad:
    "M12 1a11 11 0 1 1 0 22 11 11 0 0 1 0-22zm0 2a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 7h2v4h4V7h2v10h-2v-4h-4v4H8z",
  station:
    "M7 3h10a2 2 0 0 1 2 2v10a3 3 0 0 1-3 3l2 3h-2.5l-1.5-2h-4l-1.5 2H6l2-3a3 3 0 0 1-3-3V5a2 2 0 0 1 2-2zm0 3v5h10V6zm1.5 7a1.2 1.2 0 1 0 .1 0zm7 0a1.2 1.2 0 1 0 .1 0z",
  school: "M12 3l11 5-11 5L1 8zm-6 9.5l6 3 6-3V17c-3 3-9 3-12 0z",
  fuel: "M4 3h10v18H4zm2 2v5h6V5zm9 4h2l3 3v6a2 2 0 0 1-4 0v-4h-1v-2h3v6h0v-5l-3-3z",
  hydrant: "M12 2c3 5 7 8 7 13a7 7 0 0 1-14 0c0-5 4-8 7-13z",
  defibrillator:
    "M12 21C5 15 2 12 2 8a5 5 0 0 1 10-1.5A5 5 0 0 1 22 8c0 4-3 7-10 13zm1-14l-5 6h3l-1 4 5-6h-3z",
  assembly_point: "M12 2l3 4h-2v4h4V8l4 4-4 4v-2h-4v4h2l-3 4-3-4h2v-4H7v2l-4-4 4-4v2h4V6H9z",
};
const STATION_PX = 18;
const SMALL_PX = 14;

/** The picture of a city's icon; null for a name that is not ours. */
export function drawCity(family: string, theme: Theme, what = ""): ImageData | null {
  if (family === "p") return station(theme, what);
  if (family === "k") return small(theme, what);
  if (family === "s") return shield(theme, what);
  if (family === "o") return arrow(theme);
  return null;
}

function shape(pen: Pen, kind: string, size: number, colour: string, halo?: string): void {
  const path = new Path2D(SHAPES[kind] ?? "M12 6a6 6 0 1 0 .1 0z");
  pen.save();
  pen.scale(size / 24, size / 24);
  pen.translate(-12, -12);
  if (halo) {
    pen.strokeStyle = halo;
    pen.lineWidth = 6;
    pen.lineJoin = "round";
    pen.stroke(path);
  }
  pen.fillStyle = colour;
  pen.fill(path, "evenodd");
  pen.restore();
}

/** Where crews are or patients go: a small outlined square with its picture. */
function station(theme: Theme, kind: string): ImageData {
  const c = COLOURS[theme];
  const pen = canvas(STATION_PX + 2, STATION_PX + 2);
  pen.translate(STATION_PX / 2 + 1, STATION_PX / 2 + 1);
  box(pen, -STATION_PX / 2 + 0.6, -STATION_PX / 2 + 0.6, STATION_PX - 1.2, STATION_PX - 1.2, 3);
  pen.fillStyle = c.panel;
  pen.fill();
  pen.lineWidth = 1.2;
  // A hospital is where patients are taken; the others only say where crews are at home.
  pen.strokeStyle = kind === "hospital" ? c.i2 : c.edge;
  pen.stroke();
  shape(pen, kind, STATION_PX - 6.5, kind === "hospital" ? c.ink : c.i2);
  return pixels(pen);
}

function small(theme: Theme, kind: string): ImageData {
  const c = COLOURS[theme];
  const pen = canvas(SMALL_PX + 4, SMALL_PX + 4);
  pen.translate(SMALL_PX / 2 + 2, SMALL_PX / 2 + 2);
  const colour = kind === "hydrant" ? c.river : c.label;
  shape(pen, kind, kind === "hydrant" ? SMALL_PX - 3 : SMALL_PX, colour, c.halo);
  return pixels(pen);
}

function shield(theme: Theme, ref: string): ImageData {
  const c = COLOURS[theme];
  const font = `700 10px ${FONT}`;
  const width = measure(ref, font) + 8;
  const pen = canvas(width + 2, 16);
  box(pen, 1, 1, width, 14, 2.5);
  pen.fillStyle = c.block;
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = c.edge;
  pen.stroke();
  pen.fillStyle = c.label;
  pen.font = font;
  pen.textAlign = "center";
  pen.fillText(ref, width / 2 + 1, 11.6);
  return pixels(pen);
}

/** Points to the right: along the line it stands on. */
function arrow(theme: Theme): ImageData {
  const pen = canvas(18, 10);
  pen.strokeStyle = COLOURS[theme].label;
  pen.globalAlpha = 0.8;
  pen.lineWidth = 1.3;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(2, 5);
  pen.lineTo(15, 5);
  pen.moveTo(11, 2);
  pen.lineTo(15, 5);
  pen.lineTo(11, 8);
  pen.stroke();
  return pixels(pen);
}
