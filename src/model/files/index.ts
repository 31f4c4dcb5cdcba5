/** Files that are read by promise and in ranges, so that models open in a browser too. Free of Node imports. */
export { blobFile } from './blob.js';
export { holding } from './held-file.js';
export { type OpenOptions, openModel } from './open-model.js';
export { urlFile } from './url.js';
