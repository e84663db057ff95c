/**
 * What carries frames between two descriptors: the loop with its handlers and timers, links over streams, the queues in
 * between and what may be used up of them, the TUN device, how connections are made and taken. Does not know who may
 * have which address.
 */
package simplevpn.tunnel;
