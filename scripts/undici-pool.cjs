// The part of undici that the Engine's client uses: a pool, with the methods that undici's index gives to every
// dispatcher. All of undici (fetch, WebSockets, caches, mocks) would cost each audit of an Engine some 40 ms.
const Dispatcher = require("undici/lib/dispatcher/dispatcher.js");
const Pool = require("undici/lib/dispatcher/pool.js");

Object.assign(Dispatcher.prototype, require("undici/lib/api"));
module.exports = { Pool };
