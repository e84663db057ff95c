package simplevpn;

import simplevpn.base.Address;
import simplevpn.protocol.Answer;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Loop;

/**
 * How a server and its clients are. A client that comes meanwhile may be left out; none is told twice, and none that
 * stays is left out.
 */
final class ServerReport extends Report {
    private final Server server;
    private final Loop loop;
    private final long began;
    /** Who has this number was told already: a connection that closes gives its place to the last. */
    private final int number;
    /** Those below are still to be told; −1 before the server itself was. */
    private int next = -1;

    /** @param began when the server began */
    ServerReport(Server server, long began) {
        this.server = server;
        this.began = began;
        number = ++server.reports;
        loop = server.loop;
    }

    @Override
    boolean tell(Lines to, long now) {
        if (next < 0) {
            tellServer(to, now);
            next = loop.links();
        }
        // New ones are added at the end, and one that takes the place of another comes from there.
        next = Math.min(next, loop.links());
        for (int i = 0; i < Budget.TOLD && next > 0 && to.hasRoom(); i++) {
            Peer peer = (Peer) loop.receiver(--next);
            if (peer.isJoined() && peer.told != number) {
                peer.told = number;
                tell(to, peer, now);
            }
        }
        return next == 0;
    }

    private void tellServer(Lines to, long now) {
        to.begin("srv").put("version", Version.NUMBER).put("interface", loop.device.name())
                .put("listen", server.listens())
                .put("address", server.hub.own() + "/" + server.length())
                .put("address6", server.own6 == null ? null : server.own6 + "/" + ServerSettings.PREFIX_LENGTH)
                .put("running_seconds", Math.max(0, now - began) / SECOND).put("clients", server.hub.clients())
                .put("most_clients", server.hub.maxClients()).put("timeout_seconds", server.timeout())
                .put("mtu", server.mtu).put("time_ms", now / 1_000_000).end();
    }

    private void tell(Lines to, Peer peer, long now) {
        Answer answer = server.hub.answer(peer, peer.link.framing());
        to.begin("client").put("name", peer.name()).put("address", answer.address.toString())
                .put("address6", answer.address6 == null ? null : answer.address6.toString())
                .put("from", peer.link.stream.peer().toString())
                .put("connected_seconds", Math.max(0, now - peer.since) / SECOND)
                .put("heard_seconds", peer.silence(now) / SECOND);
        put(to, peer.link).put("rejected_packets", peer.rejected()).end();
    }

    @Override
    String kick(String who) {
        Address address = Address.parse(who);
        Peer peer = address != null ? server.hub.holder(address) : server.gate.client(who);
        if (peer != null && address != null && address.isIpv6()) {
            Address its = server.hub.answer(peer, peer.link.framing()).address6;
            peer = address.equals(its) ? peer : null;
        }
        if (peer == null || !peer.isJoined()) {
            return who + ": no client that is connected has this address, name or pin";
        }
        peer.kick();
        return null;
    }
}
