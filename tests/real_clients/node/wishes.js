"use strict";
// What a test asks for arrives as JSON on standard input; what a driver was told leaves the same way.
const fs = require("fs");

exports.wishes = () => JSON.parse(fs.readFileSync(0, "utf8"));

exports.tell = (told) => fs.writeSync(1, JSON.stringify(told));

exports.refusal = (promise) => promise.then(() => null, (error) => error.message || String(error));

exports.run = (main) =>
  main().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
