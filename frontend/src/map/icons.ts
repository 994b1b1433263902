/** Every mark on the map is drawn on a canvas when it is first needed, from what its name says.
 *
 * Names: `u|theme|kind|look|turn` a unit, `i|theme|priority|number|chosen` an incident's chip,
 * `r|theme|style|bold|rest` a route's label, `a|theme|text` an alarm, `x|theme` the form's cross; of the city (cityicons.ts): `p|theme|kind` a station,
 * `k|theme|kind` a smaller place, `s|theme|ref` a road's number, `o|theme` a one-way arrow.
 */

import { INKS, type MarkKind, SHAPES } from "../marks";
import type { Theme } from "../theme";
import { drawCity } from "./cityicons";
import { COLOURS } from "./colours";

export const RATIO = 2;
const FONT = '"Noto Sans", sans-serif';
const MARK_PX = 19;
const BOX_PX = 28;
const CHIP_PX = 29;
const CHIP_MIDDLE_PX = 11;
/** Headings are drawn in steps of 22.5 degrees: every picture in use is copied on each update. */
export const TURNS = 16;

export type Pen = CanvasRenderingContext2D;

export function canvas(width: number, height: number): Pen {
  const sheet = document.createElement("canvas");
  sheet.width = Math.ceil(width * RATIO);
  sheet.height = Math.ceil(height * RATIO);
  const pen = sheet.getContext("2d", { willReadFrequently: true })!;
  pen.scale(RATIO, RATIO);
  return pen;
}

export const pixels = (pen: Pen): ImageData =>
  pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);

/** The picture an icon's name stands for; null for a name that is not ours. */
export function draw(name: string): ImageData | null {
  const [family, theme, a, b, c] = name.split("|") as [string, Theme, string, string, string];
  if (family === "u") return unit(theme, a as MarkKind, b, Number(c));
  if (family === "i") return chip(theme, Number(a), b, c === "1");
  if (family === "r") return label(theme, a, b, c);
  if (family === "a") return alarm(theme, a);
  if (family === "x") return cross(theme);
  return drawCity(family, theme, a);
}

/** look: live, old (hollow, dashed, 72 %), lost (grey, hollow, dashed); a trailing 1 is chosen. */
function unit(theme: Theme, kind: MarkKind, look: string, turn: number): ImageData {
  const pen = canvas(BOX_PX, BOX_PX);
  const [shape, ink] = [SHAPES[kind], INKS[theme]];
  const chosen = look.endsWith("1");
  const stale = look.startsWith("old") || look.startsWith("lost");
  const colour = look.startsWith("lost") ? ink.grey : ink.fill[kind];
  const hollow = shape.hollow || stale;
  const scale = MARK_PX / 24;
  if (look.startsWith("old")) pen.globalAlpha = 0.72;
  pen.translate(BOX_PX / 2, BOX_PX / 2);
  if (chosen) ring(pen, COLOURS[theme].ink, 12.6);
  if (kind === "mayday") ring(pen, COLOURS[theme].bad, 12.4);
  pen.save();
  if (kind === "en_route") pen.rotate((turn * 2 * Math.PI) / TURNS);
  pen.scale(scale, scale);
  pen.translate(-12, -12);
  const path = new Path2D(shape.path);
  if (hollow) {
    // Ground first, so that a street does not run through the letter.
    pen.lineWidth = 5;
    pen.strokeStyle = COLOURS[theme].land;
    pen.stroke(path);
    if (kind !== "out_of_service") {
      pen.fillStyle = COLOURS[theme].land;
      pen.fill(path);
    }
    if (stale) pen.setLineDash([4, 2.6]);
    pen.lineWidth = 2.6;
    pen.strokeStyle = colour;
    pen.stroke(path);
  } else {
    pen.lineWidth = (ink.outlineWidth * 2) / scale;
    pen.strokeStyle = kind === "at_hospital" ? "#ffffff" : ink.outline;
    if (kind === "at_hospital") pen.lineWidth = 3;
    pen.stroke(path);
    pen.fillStyle = colour;
    pen.fill(path);
  }
  pen.restore();
  pen.setLineDash([]);
  pen.fillStyle = hollow ? colour : kind === "at_hospital" ? "#ffffff" : ink.letter;
  pen.font = `700 ${kind === "mayday" ? 13 : 11.5}px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.fillText(shape.letter, 0, 4.2);
  return pixels(pen);
}

function ring(pen: Pen, colour: string, radius: number): void {
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.lineWidth = 1.8;
  pen.strokeStyle = colour;
  pen.stroke();
}

export function box(pen: Pen, x: number, y: number, w: number, h: number, r: number): void {
  pen.beginPath();
  pen.roundRect(x, y, w, h, r);
}

export const measure = (text: string, font: string): number => {
  const pen = canvas(1, 1);
  pen.font = font;
  return pen.measureText(text).width;
};

/** An incident's chip; the chosen one stands in a ring with four ticks. The number is part of the
 * picture, not text: MapLibre draws a layer's texts after all its icons, so where chips overlap the
 * hidden numbers would show through. */
function chip(theme: Theme, priority: number, number: string, chosen: boolean): ImageData {
  const colours = COLOURS[theme];
  const font = `700 12px ${FONT}`;
  const width = Math.max(26, measure(number, font) + 12);
  const pen = chosen ? canvas(72, 72) : canvas(width + 4, CHIP_PX);
  pen.translate(pen.canvas.width / RATIO / 2, chosen ? 36 : CHIP_MIDDLE_PX);
  if (chosen) target(pen, colours.ink, colours.opposite);
  box(pen, -width / 2, -9, width, 18, 3);
  pen.fillStyle = priority === 1 ? colours.ink : colours.panel;
  pen.globalAlpha = priority === 4 ? 0.85 : 1;
  pen.fill();
  pen.globalAlpha = 1;
  if (priority < 4) {
    pen.lineWidth = priority === 2 ? 2 : 1.2;
    pen.strokeStyle = priority === 1 ? colours.opposite : colours.ink;
    pen.stroke();
  }
  if (!chosen) {
    pen.beginPath();
    pen.moveTo(-4, 10.4);
    pen.lineTo(4, 10.4);
    pen.lineTo(0, 15);
    pen.closePath();
    pen.fillStyle = priority === 4 ? colours.i2 : colours.ink;
    pen.fill();
  }
  pen.fillStyle = priority === 1 ? colours.opposite : colours.ink;
  pen.font = font;
  pen.textAlign = "center";
  pen.fillText(number, 0, 4.4);
  return pixels(pen);
}

function target(pen: Pen, ink: string, casing: string): void {
  for (const [colour, width] of [
    [casing, 5.5],
    [ink, 2.5],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(0, 0, 26, 0, 2 * Math.PI);
    pen.stroke();
    for (let i = 0; i < 4; i++) {
      pen.rotate(Math.PI / 2);
      pen.beginPath();
      pen.moveTo(0, -21);
      pen.lineTo(0, -33);
      pen.stroke();
    }
  }
}

/** "E7 3:08 1.7 km": filled for who is to go, outlined for who was nearer and loses. */
function label(theme: Theme, style: string, bold: string, rest: string): ImageData {
  const colours = COLOURS[theme];
  const [strong, weak] = [`700 12px ${FONT}`, `400 12px ${FONT}`];
  const boldWidth = measure(bold, strong);
  const width = boldWidth + (rest ? measure(rest, weak) + 6 : 0) + 16;
  const pen = canvas(width + 2, 23);
  const filled = style === "solid";
  box(pen, 1, 1, width, 21, 3);
  pen.fillStyle = filled ? colours.ink : colours.panel;
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = filled ? colours.opposite : colours.edge;
  pen.stroke();
  pen.fillStyle = filled ? colours.opposite : colours.ink;
  pen.font = strong;
  pen.fillText(bold, 9, 16);
  pen.font = weak;
  pen.globalAlpha = filled ? 0.8 : 1;
  pen.fillStyle = filled ? colours.opposite : colours.i2;
  pen.fillText(rest, 9 + boldWidth + 6, 16);
  return pixels(pen);
}

/** An alarm nobody has answered: an open vermilion ring with its word. */
function alarm(theme: Theme, text: string): ImageData {
  const colours = COLOURS[theme];
  const font = `700 12px ${FONT}`;
  const width = measure(text, font) + 14;
  const pen = canvas(width + 6, 40);
  const middle = (width + 6) / 2;
  box(pen, 3, 2, width, 19, 3);
  pen.fillStyle = colours.panel;
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = colours.bad;
  pen.stroke();
  pen.beginPath();
  pen.arc(middle, 31, 5, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
  pen.fillStyle = theme === "dark" ? "#ff8746" : "#a84300";
  pen.font = font;
  pen.textAlign = "center";
  pen.fillText(text, middle, 16);
  return pixels(pen);
}

function cross(theme: Theme): ImageData {
  const colours = COLOURS[theme];
  const pen = canvas(36, 36);
  pen.translate(18, 18);
  for (const [colour, width] of [
    [colours.opposite, 5],
    [colours.ink, 2.4],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(0, 0, 8, 0, 2 * Math.PI);
    for (let i = 0; i < 4; i++) {
      pen.moveTo(0, 0);
      pen.rotate(Math.PI / 2);
      pen.moveTo(0, -4);
      pen.lineTo(0, -15);
    }
    pen.stroke();
  }
  return pixels(pen);
}
