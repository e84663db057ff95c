/**
 * What is said to a proxy before a connection through it is the server's own: CONNECT of HTTP with its passwords, and
 * SOCKS 5. Bytes in, a verdict out: no sockets, no clock, no log.
 */
package simplevpn.proxy;
