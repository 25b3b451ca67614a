"use strict";
// node-routeros: many commands at once on one connection, streams that are paused and stopped, its keep-alive.
const { RouterOSAPI } = require("node-routeros");
const { wishes, tell, refusal, run } = require("./wishes");

const ENTRIES = "/ip/firewall/address-list";

const when = (test) =>
  new Promise((resolve) => {
    const look = () => (test() ? resolve() : setTimeout(look, 5));
    look();
  });

run(async () => {
  const { host, port, username, password } = wishes();
  const login = { host, port, user: username, password };
  const conn = new RouterOSAPI({ ...login, timeout: 1, keepalive: true });
  let lost = null;
  conn.on("error", (error) => (lost = error.message || String(error)));
  await conn.connect();
  const told = {};

  const added = await Promise.all(
    [...Array(50).keys()].map((n) =>
      conn.write(`${ENTRIES}/add`, ["=list=many", `=address=198.51.100.${n}`, "=comment=a=b"]),
    ),
  );
  told.added = new Set(added.map((reply) => reply[0].ret)).size;
  const [first] = await conn.write(`${ENTRIES}/print`, [`?.id=${added[0][0].ret}`]);
  told.first = [first.list, first.address, first.comment];
  told.counted = (await conn.write(`${ENTRIES}/print`, ["=count-only=", "?list=many"]))[0].ret;
  told.none = await conn.write(`${ENTRIES}/print`, ["?list=nothing"]);
  told.bareWord = await refusal(conn.write("somethingthatdoesntexist"));
  told.trap = await refusal(conn.write("/ip/hotspot/user/add", ["=name=reception", "=server=office-hotspot"]));

  const heard = [];
  const stream = conn.stream([`${ENTRIES}/listen`], (error, packet) => {
    if (!error && packet) heard.push(packet);
  });
  const [{ ret }] = await conn.write(`${ENTRIES}/add`, ["=list=heard", "=address=192.0.2.77"]);
  await conn.write(`${ENTRIES}/remove`, [`=.id=${ret}`]);
  await when(() => heard.flat().some((packet) => packet[".dead"]));
  await stream.pause();
  const quiet = heard.length;
  await conn.write(`${ENTRIES}/add`, ["=list=unheard", "=address=192.0.2.78"]);
  told.heardWhilePaused = heard.length - quiet;
  await stream.resume();
  await conn.write(`${ENTRIES}/add`, ["=list=heard", "=address=192.0.2.79"]);
  await when(() => heard.length > quiet);
  await stream.stop();
  told.heard = heard.flat().map((packet) => packet.address || packet[".dead"]);

  // Longer than the time without a word after which this client gives up, were it not for its keep-alive.
  await new Promise((resolve) => setTimeout(resolve, 1600));
  told.lost = lost;
  told.identity = (await conn.write("/system/identity/print"))[0].name;
  await conn.close();
  told.wrongPassword = await refusal(new RouterOSAPI({ ...login, password: "wrong" }).connect());
  tell(told);
});
