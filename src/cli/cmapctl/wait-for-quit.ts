import { fstatSync } from 'node:fs';
import { fromBytes } from '../drop-in/bytes.ts';
import { QuitDetector } from './quit-detector.ts';

/** Reads standard input until it tells a tracking run to end. */
export function waitForQuit(): Promise<void> {
  const detector = new QuitDetector();
  const isPipe = fstatSync(0).isFIFO();
  return new Promise((resolve) => {
    process.stdin.on('data', (chunk) => {
      if (detector.feed(fromBytes(Buffer.from(chunk)))) resolve();
    });
    process.stdin.on('end', () => {
      if (detector.end(isPipe)) resolve();
    });
    process.stdin.on('error', () => resolve());
  });
}
