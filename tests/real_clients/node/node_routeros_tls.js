"use strict";
// node-routeros over TLS: with the router's certificate to trust, and without.
const { RouterOSAPI } = require("node-routeros");
const { wishes, tell, run } = require("./wishes");

run(async () => {
  const { host, ports, username, password, certificate } = wishes();
  const login = { host, port: ports["api-ssl"], user: username, password };
  const told = {};
  const conn = new RouterOSAPI({ ...login, tls: { ca: certificate, checkServerIdentity: () => undefined } });
  await conn.connect();
  told.interfaces = (await conn.write("/interface/print")).map((each) => each.name);
  await conn.close();
  const careful = new RouterOSAPI({ ...login, tls: { checkServerIdentity: () => undefined } });
  told.refused = await careful.connect().then(
    () => false,
    () => true,
  );
  tell(told);
});
