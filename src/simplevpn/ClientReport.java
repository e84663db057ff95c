package simplevpn;

import simplevpn.protocol.Answer;

/** How a client is: what it says of its server is what it has heard, and not that a socket is open. */
final class ClientReport extends Report {
    private static final String TRYING = "trying: ";

    private final Client client;

    ClientReport(Client client) {
        this.client = client;
    }

    @Override
    boolean tell(Lines to, long now) {
        Presence presence = client.presence;
        boolean joined = client.state == Client.State.JOINED;
        to.begin("cli").put("version", Version.NUMBER).put("interface", client.device.name())
                .put("state", joined ? "connected" : "trying")
                .put("state_seconds", Math.max(0, now - (joined ? client.joined : presence.since)) / SECOND)
                .put("why", joined ? null : why(presence.words)).put("time_ms", now / 1_000_000);
        if (joined) {
            Answer answer = client.answer;
            to.put("server", client.link.stream.peer().toString()).put("address", answer.address + "/" + answer.length)
                    .put("address6", answer.address6 == null ? null : answer.address6 + "/" + answer.length6)
                    .put("heard_seconds", client.keepalive.silence(now) / SECOND)
                    .put("timeout_seconds", client.keepalive.timeout() / SECOND)
                    .put("keepalive_seconds", client.keepalive.idle()).put("month_bytes", client.wishes.monthly());
            if (client.wishes.forgottenWithin() != 0) {
                to.put("forgotten_seconds", client.wishes.forgottenWithin());
            }
            put(to, client.link).put("rejected_packets", client.rejected);
        }
        to.end();
        return true;
    }

    /** That it tries is the state already. */
    private static String why(String words) {
        return words.startsWith(TRYING) ? words.substring(TRYING.length()) : words;
    }

    @Override
    String kick(String who) {
        return "a client has no clients";
    }
}
