/** The letters of the map are drawn with the page's own fonts. */

// Names of installed fonts: without `glyphs` MapLibre draws letters with the page's own fonts.
export const FONT = ["Noto Sans"];
export const FONT_BOLD = ["Noto Sans Bold", "Noto Sans"];

/** Letters outside Latin-1 come in a font file of their own, which must be there before drawing. */
export async function loadFonts(): Promise<void> {
  const wanted = ["400 12px", "700 12px"].flatMap((size) =>
    ["Aã", "Łş", "Ω", "Ж"].map((text) => document.fonts.load(`${size} "Noto Sans"`, text)),
  );
  await Promise.allSettled(wanted);
}
