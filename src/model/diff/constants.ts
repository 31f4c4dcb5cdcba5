/** Which constants of two models are one another, by what they hold. */
import type { ExternalFiles, Tensor } from '../ir/tensor.js';
import { type SameFile, sameContents, tensorKey, typeText } from './contents.js';

export class Constants {
  private readonly keys = new Map<Tensor, string | undefined>();
  private readonly classes = new Map<Tensor, number>();
  /** By key, one tensor of each class. */
  private readonly heads = new Map<string, Tensor[]>();
  /** Classes of data that are not there, by the place where they should be. */
  private readonly missing = new Map<ExternalFiles, Map<string, number>>();
  private count = 0;

  constructor(private readonly sameFile: SameFile) {}

  /** Text that tells most tensors apart, to find by; equal for all of one type whose data are not there. */
  sampleOf(tensor: Tensor): string {
    return this.keyOf(tensor) ?? `${typeText(tensor)}?`;
  }

  /** A number, equal for tensors that hold the same, or would if their data were there. */
  classOf(tensor: Tensor): number {
    const known = this.classes.get(tensor);
    if (known !== undefined) return known;
    const key = this.keyOf(tensor);
    const found = key === undefined ? this.classOfMissing(tensor) : this.classOfHeld(tensor, key);
    this.classes.set(tensor, found);
    return found;
  }

  /** Undefined where the data of one of them are not there, so that nobody can tell. */
  same(a: Tensor, b: Tensor): boolean | undefined {
    if (typeText(a) !== typeText(b)) return false;
    if (this.classOf(a) === this.classOf(b)) return true;
    const unread = [a, b].some((tensor) => this.keyOf(tensor) === undefined);
    return unread ? undefined : false;
  }

  private keyOf(tensor: Tensor): string | undefined {
    if (!this.keys.has(tensor)) this.keys.set(tensor, tensorKey(tensor));
    return this.keys.get(tensor);
  }

  private classOfHeld(tensor: Tensor, key: string): number {
    const heads = this.heads.get(key) ?? [];
    this.heads.set(key, heads);
    const head = heads.find((other) => sameContents(other, tensor, this.sameFile));
    if (head) return this.classes.get(head)!;
    heads.push(tensor);
    return this.count++;
  }

  private classOfMissing(tensor: Tensor): number {
    const { data } = tensor;
    // two files of one name in two folders may be two
    if (data.kind !== 'external' || !data.files) return this.count++;
    const places = this.missing.get(data.files) ?? new Map<string, number>();
    this.missing.set(data.files, places);
    const place = JSON.stringify([typeText(tensor), data.location, data.offset]);
    const found = places.get(place) ?? this.count++;
    places.set(place, found);
    return found;
  }
}
