// MD5 after RFC 1321, for the login with a challenge. hexMD5 takes a string of bytes.
var hexMD5 = (function () {
  var turns = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
  var sines = [];
  for (var n = 0; n < 64; n++) sines[n] = Math.floor(Math.abs(Math.sin(n + 1)) * 4294967296) | 0;

  function words(text) {
    var count = ((text.length + 8) >> 6) + 1, all = [];
    for (var i = 0; i < count * 16; i++) all[i] = 0;
    for (i = 0; i < text.length; i++) all[i >> 2] |= (text.charCodeAt(i) & 255) << (i % 4 * 8);
    all[i >> 2] |= 128 << (i % 4 * 8);
    all[count * 16 - 2] = text.length << 3;
    all[count * 16 - 1] = text.length >>> 29;
    return all;
  }

  function block(state, all, from) {
    var a = state[0], b = state[1], c = state[2], d = state[3];
    for (var i = 0; i < 64; i++) {
      var round = i >> 4, mixed, at;
      if (round === 0) { mixed = (b & c) | (~b & d); at = i; }
      else if (round === 1) { mixed = (d & b) | (~d & c); at = 5 * i + 1; }
      else if (round === 2) { mixed = b ^ c ^ d; at = 3 * i + 5; }
      else { mixed = c ^ (b | ~d); at = 7 * i; }
      var sum = (a + mixed + sines[i] + all[from + at % 16]) | 0, turn = turns[round][i % 4];
      a = d; d = c; c = b;
      b = (b + (sum << turn | sum >>> (32 - turn))) | 0;
    }
    return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
  }

  return function (text) {
    var state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476], all = words(text), hex = '';
    for (var from = 0; from < all.length; from += 16) state = block(state, all, from);
    for (var i = 0; i < 16; i++) hex += ('0' + (state[i >> 2] >>> (i % 4 * 8) & 255).toString(16)).slice(-2);
    return hex;
  };
})();
