"use strict";
// routeros-client: menus, models of items, and a move, on top of node-routeros.
const { RouterOSClient } = require("routeros-client");
const { wishes, tell, refusal, run } = require("./wishes");

run(async () => {
  const { host, port, username, password } = wishes();
  const api = new RouterOSClient({ host, port, user: username, password });
  const client = await api.connect();
  const told = {};
  told.identity = (await client.menu("/system identity").getOnly()).name;
  told.vlans = (await client.menu("/interface").where("type", "vlan").get()).map((each) => each.name);

  const users = client.menu("/ip hotspot user");
  const guest = await users.add({ name: "guest", profile: "staff", limitUptime: "90m", comment: "x" });
  told.guest = [guest.name, guest.profile, guest.limitUptime];
  const model = client.model(await users.where({ name: "guest" }).getOnly());
  await model.update({ comment: "through the model" });
  told.comment = model.comment;
  await model.disable();
  told.disabled = (await users.where({ name: "guest" }).getOnly()).disabled;
  await model.remove();
  told.left = (await users.get()).map((user) => user.name);

  const garden = client.menu("/ip hotspot walled-garden");
  const rule = await garden.add({ dstHost: "first.example", dstPort: "443" });
  const [other] = await garden.where("dst-host", "*.office.example").get();
  await garden.where("id", rule.id).moveAbove(other.id);
  await garden.where("id", rule.id).unset("dst-port");
  told.garden = (await garden.get()).map((each) => [each.dstHost, each.dstPort || null]);
  told.trap = await refusal(users.add({ name: "reception", server: "office-hotspot" }));
  await api.close();
  tell(told);
});
