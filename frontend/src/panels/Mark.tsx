/** A unit's mark in a list: shape, letter and colour of its status. */

import { INKS, type MarkKind, SHAPES } from "../marks";
import { theme } from "../theme";

export function Mark({ kind, size = 15, old }: { kind: MarkKind; size?: number; old?: boolean }) {
  const shape = SHAPES[kind];
  const ink = INKS[theme.value];
  const hollow = shape.hollow || old;
  const white = kind === "at_hospital" && !hollow;
  return (
    <svg
      class={`mark ${hollow ? "hollow" : ""}`}
      width={size}
      height={size}
      viewBox="-0.6 -0.6 25.2 25.2"
      aria-hidden="true"
    >
      <path
        class={kind === "at_hospital" ? "shape rim" : "shape"}
        d={shape.path}
        fill={hollow ? "none" : ink.fill[kind]}
        stroke={hollow ? ink.fill[kind] : white ? "#ffffff" : ink.outline}
        stroke-width={hollow ? 2.6 : ink.outlineWidth * 1.5}
        stroke-dasharray={old ? "4 2.6" : undefined}
      />
      <text
        class="letter"
        x="12"
        y="17"
        text-anchor="middle"
        fill={white ? "#ffffff" : hollow ? ink.fill[kind] : ink.letter}
      >
        {shape.letter}
      </text>
    </svg>
  );
}
