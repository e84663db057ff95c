/**
 * The wire protocol and the hub's decisions (PROTOCOL.md): bytes and a time in, a verdict or bytes out. Does no I/O,
 * reads no clock, links no function, and allocates nothing per frame, so all of it is tested in memory.
 */
package simplevpn.protocol;
