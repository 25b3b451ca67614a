"use strict";
// mikronode: channels, each with commands one after the other, and a listener that is closed by /cancel.
const MikroNode = require("mikronode");
const { wishes, tell, run } = require("./wishes");

const ENTRIES = "/ip/firewall/address-list";

run(async () => {
  const { host, port, username, password } = wishes();
  const device = new MikroNode(host, port);
  const [login] = await device.connect();
  const conn = await login(username, password);
  const told = {};
  const actions = conn.openChannel("actions");
  const objects = (reply) => MikroNode.resultsToObj(reply.data);
  told.identity = objects(await actions.write("/system/identity/getall"));
  told.interfaces = objects(await actions.write("/interface/print")).map((each) => each.name);

  const listening = conn.openChannel("listening");
  const heard = [];
  let done;
  const removed = new Promise((resolve) => (done = resolve));
  listening.data.subscribe((packet) => {
    const event = MikroNode.resultsToObj(packet.data);
    heard.push(event.address || event[".dead"] || event.dead);
    if (heard.length === 2) done();
  });
  listening.write(`${ENTRIES}/listen`).catch(() => {});
  await actions.write(`${ENTRIES}/add`, { list: "heard", address: "192.0.2.77" });
  const entries = objects(await actions.write(`${ENTRIES}/print\n?list=heard`));
  const entry = Array.isArray(entries) ? entries[0] : entries;
  await actions.write(`${ENTRIES}/remove`, { ".id": entry[".id"] });
  await removed;
  told.heard = heard;
  told.trap = await actions.write("/ip/hotspot/user/add", { name: "x", profile: "nobody" }).then(
    () => null,
    (error) => MikroNode.resultsToObj(error.data || []),
  );
  listening.close(true);
  conn.close(true);
  tell(told);
});
