/**
 * TLS 1.3 between keys that know each other by their pins: key files, the certificate that TLS wants, and the stream
 * that encrypts. The JDK computes all of it; here is what is told to it, and nothing that packets, addresses or users
 * mean.
 */
package simplevpn.tls;
