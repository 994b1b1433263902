/** Small pieces that several panels share. */

import type { ComponentChildren } from "preact";
import { lost, pictureMs } from "../connection";
import { now, span } from "../time";
import { words } from "../words";

/** A key as printed on the keyboard. */
export const Key = ({ children }: { children: ComponentChildren }) => <kbd>{children}</kbd>;

/** Priority by weight of ink: P1 filled, P2 thick, P3 thin, P4 text only. */
export const Chip = ({ priority }: { priority: number }) => (
  <span class={`chip p${priority}`}>{words.p(priority)}</span>
);

/** Time since `us`; runs on while the connection is lost, because it is only arithmetic. */
export const Since = ({ us }: { us: number }) => <>{span(now.value - us / 1000)}</>;

/** Time a unit has had its status; stops with the picture, for the status may have changed. */
export const UnitSince = ({ us }: { us: number }) => {
  const at = lost.value ? (pictureMs.value ?? now.value) : now.value;
  return <>{span(at - us / 1000)}</>;
};

export const Region = ({
  name,
  label,
  class: cls,
  children,
}: {
  name: string;
  label: string;
  class?: string;
  children: ComponentChildren;
}) => (
  <section class={`panel ${cls ?? name}`} data-panel={name} aria-label={label}>
    {children}
  </section>
);
