// For every line of options in JSON on standard input, a line of JSON on standard output: the
// drawing, its frame ("" without glasses) and the colour. The argument is where node_modules lies.
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const packages = pathToFileURL(`${resolve(process.argv[2])}/node_modules/@dicebear/`);
const { createAvatar } = await import(new URL('core/lib/index.js', packages));
const pixelArt = await import(new URL('pixel-art/lib/index.js', packages));

for await (const line of createInterface({ input: process.stdin })) {
  const avatar = createAvatar(pixelArt, JSON.parse(line));
  const { glasses, glassesColor } = avatar.toJson().extra;
  console.log(JSON.stringify({ svg: avatar.toString(), frame: glasses ?? '', colour: glassesColor }));
}
