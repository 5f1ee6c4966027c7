/** Whatever else it may hold, a terminal shows it as one character. */
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const ASCII = /^[\x20-\x7e]*$/;
/** East Asian Width W and F, beside emoji; what is not assigned in these blocks is wide, too. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
/** Shown as a picture by itself, or because it is asked to. */
const PICTURE = /^\p{Emoji_Presentation}|\ufe0f/u;
/** Accents without a letter, and what is not shown. */
const NOTHING = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Format}]+$/u;

/** How many columns a terminal needs for it: two for a character of Chinese, Japanese or Korean and for most emoji, none for what stands on another one. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of characters.segment(text)) width += widthOfCharacter(segment);
  return width;
}

/** As padEnd, or as padStart, by columns. */
export function padded(text: string, width: number, right = false): string {
  const filling = ' '.repeat(Math.max(width - widthOf(text), 0));
  return right ? filling + text : text + filling;
}

/** As much from its beginning as has room in so many columns: no character is cut in two. */
export function beginning(text: string, width: number): string {
  if (ASCII.test(text)) return text.slice(0, width);
  let [taken, left] = ['', width];
  for (const { segment } of characters.segment(text)) {
    left -= widthOfCharacter(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

function widthOfCharacter(character: string): number {
  if (NOTHING.test(character)) return 0;
  return WIDE.test(character) || PICTURE.test(character) ? 2 : 1;
}
