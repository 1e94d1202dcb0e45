import assert from "node:assert/strict";
import { test } from "node:test";

import { pasted } from "../src/pasted.js";

const FOUND = { key: "a1b2c3d4", secret: "s3cret-With_64" };

test("the lines of credentials.env are read, also quoted, exported or among others", () => {
  const lines = [
    "API_KEY=a1b2c3d4\nAPI_SECRET=s3cret-With_64",
    "API_URL=http://localhost:4566/beta\r\nAPI_KEY=a1b2c3d4\r\nAPI_SECRET=s3cret-With_64\r\nSIGNATURE_SECRET=other\r\n",
    "  export API_SECRET='s3cret-With_64'\n  export API_KEY=\"a1b2c3d4\"",
  ];
  for (const text of lines) assert.deepEqual(pasted(text), FOUND, text);
});

test("key:secret is read, with blanks around it", () => {
  for (const text of ["a1b2c3d4:s3cret-With_64", "  a1b2c3d4:s3cret-With_64\n"]) assert.deepEqual(pasted(text), FOUND);
});

test("the credentials of a curl command are read", () => {
  for (const user of ["-u a1b2c3d4:s3cret-With_64", "-u 'a1b2c3d4:s3cret-With_64'", '-u "a1b2c3d4:s3cret-With_64"', "-ua1b2c3d4:s3cret-With_64",
    "--user a1b2c3d4:s3cret-With_64", "--user=a1b2c3d4:s3cret-With_64"]) {
    assert.deepEqual(pasted(`curl -s ${user} \\\n  "https://example.com/beta/workflows?limit=1"`), FOUND, user);
  }
});

test("a secret may have colons and signs in it", () => {
  assert.deepEqual(pasted("a1b2c3d4:a:b=c/d+e"), { key: "a1b2c3d4", secret: "a:b=c/d+e" });
  assert.deepEqual(pasted("curl -u 'a1b2c3d4:p@$$ w0rd' x"), { key: "a1b2c3d4", secret: "p@$$ w0rd" });
});

test("what has no credentials in it is pasted as it is", () => {
  const texts = ["", "a1b2c3d4", "API_KEY=a1b2c3d4", "https://example.com/beta/workflows", "two words: here", 'curl -u "$API_KEY:$API_SECRET" x', "SIGNATURE_SECRET=x"];
  for (const text of texts) assert.equal(pasted(text), null, text);
});
