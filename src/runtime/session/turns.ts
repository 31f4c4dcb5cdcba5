/**
 * Work that must not overlap, in the order in which it was asked for. onnxruntime-web on WebGPU refuses a run
 * while another is under way, of any session; onnxruntime-node's blocks; so nothing is lost.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const made = this.#last.then(work);
    // without its result, which nobody need hold until the next
    this.#last = made.then(
      () => {},
      () => {},
    );
    return made;
  }
}
