"use strict";
// mikro-routeros: one command at a time; what is a query and what an attribute it tells by the command.
const { RouterOSClient } = require("mikro-routeros");
const { wishes, tell, refusal, run } = require("./wishes");

const USERS = "/ip/hotspot/user";

run(async () => {
  const { host, port, username, password } = wishes();
  const client = new RouterOSClient(host, port, 10000);
  await client.connect();
  await client.login(username, password);
  const told = {};
  await client.runQuery(`${USERS}/add`, { name: "guest", password: "a=b", profile: "staff" });
  const [guest] = await client.runQuery(`${USERS}/print`, { name: "guest" });
  told.guest = [guest.name, guest.password, guest.profile];
  await client.runQuery(`${USERS}/set`, { ".id": guest[".id"], password: "new", "limit-uptime": "1d" });
  const [changed] = await client.runQuery(`${USERS}/print`, { name: "guest" });
  told.changed = [changed.password, changed["limit-uptime"]];
  await client.runQuery(`${USERS}/remove`, { ".id": guest[".id"] });
  told.gone = await client.runQuery(`${USERS}/print`, { name: "guest" });
  told.trap = await refusal(client.runQuery(`${USERS}/add`, { name: "reception", server: "office-hotspot" }));
  await client.close();
  tell(told);
});
