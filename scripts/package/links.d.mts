export function packedPage(page: string, isPacked: (file: string) => boolean): string;
