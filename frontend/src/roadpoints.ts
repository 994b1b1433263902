/** Points on the map that a close command means, while it stands in the command line. */

import { signal } from "@preact/signals";

export interface RoadPoint {
  lon: number;
  lat: number;
  name: string;
}

export const roadPoints = signal<RoadPoint[]>([]);
