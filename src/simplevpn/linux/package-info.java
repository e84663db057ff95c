/**
 * Everything that is said to the kernel and to libc, the only package that links functions: each call, constant and
 * structure layout, and what is made of them: sockets, poller, TUN interface. Holds no policy, and writes no log.
 */
package simplevpn.linux;
