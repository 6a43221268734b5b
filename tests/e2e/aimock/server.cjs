"use strict";
// The mock provider of the end-to-end tests: aimock with the replies of fixtures.json, on a free port of the
// loopback interface.
//
// It says "url ADDRESS" when it listens. A request whose prompt has the word HOLD is said as "arrived" and is
// answered when a line "release" comes in. It ends with its standard input, so that no test leaves one behind.
//
// CommonJS on purpose: aimock's ES module needs a newer Node.js than Debian 12 has, this form of it does not.

const path = require("node:path");
const readline = require("node:readline");
const zlib = require("node:zlib");

// The checksum in Bedrock's streams, which Node.js has from 20.15 on, and Debian 12's is older.
zlib.crc32 ??= (data) => {
  let crc = ~0;
  for (const byte of Buffer.from(data)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
};

const { LLMock } = require("@copilotkit/aimock");

const mock = new LLMock({ host: "127.0.0.1", port: 0 });
const held = [];

mock.onMessage("HOLD", async () => {
  console.log("arrived");
  await new Promise((resolve) => held.push(resolve));
  return { content: "Worth the wait.", usage: { prompt_tokens: 1000, completion_tokens: 200 } };
});
mock.loadFixtureFile(path.join(__dirname, "fixtures.json"));

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (line === "release") held.splice(0).forEach((resolve) => resolve());
  })
  .on("close", () => process.exit(0));

mock.start().then((url) => console.log(`url ${url}`));
