/** simplevpn: an IP-in-TCP tunnel for small machines. Nothing but {@code java.base} is required. */
module simplevpn {
}
