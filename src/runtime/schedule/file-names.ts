/** Names of files in a bundle. */
export const SCHEDULE_FILE = 'schedule.json';
export const REPORT_FILE = 'report.json';
/** What a loop over the bundle is given by default; there where something was said. */
export const DEFAULTS_FILE = 'defaults.json';
