// Has one published client create a workflow: the command comes on stdin, what its callback was given goes to stdout.
"use strict";

const { client, resource, port, credentials, workflow, options, callbackInArray } = JSON.parse(
  require("fs").readFileSync(0),
);

// With any port but 443 the clients speak plain HTTP. One of them wants its host as a URL, the others by name.
const host = client === "@vonage/server-sdk" ? "http://127.0.0.1" : "127.0.0.1";
const callback = (error, data) => console.log(JSON.stringify({ error, data }));

if (callbackInArray) workflow.push(callback);

const Client = require(client);
new Client(credentials, { host, port })[resource].create("failover", workflow, callback, options);
