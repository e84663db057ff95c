package simplevpn.tunnel;

import simplevpn.linux.Endpoint;
import simplevpn.linux.Way;

/** One address of a server, and what became of it. */
final class Candidate {
    final Endpoint address;
    /** The way there when it was tried last; {@code null} if there was none, or nobody could tell. */
    Way way;
    /** Whether the present attempt is through with it. */
    boolean tried;

    Candidate(Endpoint address) {
        this.address = address;
    }
}
