/** Pictures of one noise side by side, with what differs, each large at a click and by keyboard; no script is needed. */
import { decodePng, encodePng, type Picture } from '../../../io/images.js';
import { html, Markup } from '../page/html.js';
import { drawDifferences } from './difference.js';

export interface ShownPicture {
  /** What it is a picture of: `source`. */
  readonly what: string;
  readonly png: Uint8Array;
  /** How far it is from the reference, in words. */
  readonly distance?: string | undefined;
}

export interface PictureSet {
  /** Tells it from others of the page, in anchors. */
  readonly id: string;
  /** Above it; undefined where there is one set alone. */
  readonly name?: string | undefined;
  readonly reference: ShownPicture;
  readonly others: readonly ShownPicture[];
}

/** Pixels of an edge up to which every pixel is shown as a square. */
const PIXELS = 160;

export function picturePanel({ id, name, reference, others }: PictureSet): Markup {
  const opened = [reference, ...others].map(({ png, what }) => orReason(png, what));
  const pictures = opened.filter((one) => typeof one !== 'string');
  const refusals = opened.filter((one) => typeof one === 'string');
  const [first, ...rest] = pictures;
  const drawn = refusals.length === 0 ? drawDifferences(first!, rest) : undefined;
  const said = [name, reference.what].filter((word) => word !== undefined).join(', ');
  const show = (shown: ShownPicture, at: number, words?: Markup) =>
    pictureFigure({
      id: `${id}-${at}`,
      label: name === undefined ? shown.what : `${name}, ${shown.what}`,
      png: shown.png,
      size: pictures.length === opened.length ? pictures[at] : undefined,
      caption:
        words ?? html`${shown.what}${shown.distance !== undefined && html`<br>${shown.distance}`}`,
    });
  const differences = drawn?.pictures.map((picture, i) => {
    const { what } = others[i]!;
    const words = html`${what}: difference from ${reference.what}, ${drawn.factor} times as strong`;
    return picture
      ? pictureFigure({
          id: `${id}-apart-${i}`,
          label: `${said} and ${what}: difference, ${drawn.factor} times as strong`,
          png: encodePng(picture),
          size: picture,
          caption: words,
        })
      : html`<p class="faint">${what} and ${reference.what} are equal, pixel for pixel.</p>`;
  });
  const why =
    refusals.length > 0
      ? refusals.join(' ')
      : drawn
        ? undefined
        : 'No difference is drawn: the pictures are of different sizes or kinds.';
  return html`${name !== undefined && html`<h3>${name}</h3>`}<div class="pictures" style="${new Markup(`--columns:${Math.max(3, others.length + 1)}`)}">${show(reference, 0)}${others.map(
    (other, i) => show(other, i + 1),
  )}${others.length > 1 && differences && html`<p class="faint">Below each what differs from ${reference.what}: black where nothing does.</p>`}${differences}</div>${
    why !== undefined && html`<p class="faint">${why}</p>`
  }`;
}

/** A picture, or why there is none to compare. */
function orReason(png: Uint8Array, what: string): Picture | string {
  try {
    return decodePng(png, what);
  } catch (error) {
    return `No difference is drawn: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface FigureOptions {
  readonly id: string;
  readonly label: string;
  readonly png: Uint8Array;
  readonly size: Pick<Picture, 'width' | 'height'> | undefined;
  readonly caption: Markup;
}

/** The picture is there once: in its place, and over the page while it is enlarged. */
function pictureFigure({ id, label, png, size, caption }: FigureOptions): Markup {
  const { width, height } = size ?? { width: 1, height: 1 };
  const shape = new Markup(`aspect-ratio:${width}/${height}`);
  const isSmall = size !== undefined && Math.max(width, height) <= PIXELS;
  return html`<figure><div class="picture" style="${shape}"><div class="held" popover id="${id}" role="group" aria-label="${label}"><img src="${new Markup(
    dataUri(png),
  )}" alt="${label}"${isSmall && html` class="pixels"`}><p>${label} <button type="button" class="shut" popovertarget="${id}" popovertargetaction="hide" autofocus>Close</button></p></div></div><button type="button" class="enlarge" style="${shape}" popovertarget="${id}" aria-label="Enlarge: ${label}"><span aria-hidden="true">+</span></button><figcaption>${caption}</figcaption></figure>`;
}

const dataUri = (png: Uint8Array) =>
  `data:image/png;base64,${btoa(Array.from(png, (byte) => String.fromCharCode(byte)).join(''))}`;
