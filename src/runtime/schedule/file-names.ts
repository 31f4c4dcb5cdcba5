/** Names of files in a bundle. */
export const SCHEDULE_FILE = 'schedule.json';
export const REPORT_FILE = 'report.json';
