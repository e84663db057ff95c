package simplevpn;

import simplevpn.base.Address;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Echo;

/**
 * Whom a server leads to: other clients, the networks that it tells of, and, where everything shall go through the
 * tunnel, the Internet. Asked by pings with one hop left, so that none goes further than to the first machine that
 * forwards: it says so. One that does not forward is silent.
 */
final class CheckForwarding {
    private static final long MILLISECOND = 1_000_000;
    /** How long answers are waited for. */
    private static final long PATIENCE = 1500 * MILLISECOND;
    /** Networks that are tried: a kernel says only so often at once that a hop was the last one. */
    private static final int MOST_NETWORKS = 3;
    /** Numbers of these pings are greater than any of a round. */
    private static final int FIRST_NUMBER = 1 << 15;
    private static final int HOST_UNREACHABLE = 1;
    /** An address that nobody has (RFC 5737), which only a default route leads to. */
    private static final int OUTSIDE = 0xcb007101;
    private static final String INTERNET = "the Internet";
    private static final String CLIENTS = "other clients";

    private final CheckTraffic traffic;
    private final int[] addresses;
    private final String[] names;
    private final int[] verdicts;
    private int count;
    /** How many of them, in front, are other clients. */
    private final int others;
    private long end;
    private String failure;
    private String remedy;

    /** @param everything whether the Internet is to be reached */
    CheckForwarding(CheckTraffic traffic, Answer answer, boolean everything, int hub) {
        this.traffic = traffic;
        int[] clients = CheckTraffic.others(answer, answer.address.ipv4(), hub);
        int most = clients.length + MOST_NETWORKS + 1;
        addresses = new int[most];
        names = new String[most];
        verdicts = new int[most];
        for (int client : clients) {
            add(client, CLIENTS);
        }
        others = count;
        for (Network route : answer.routes) {
            if (!route.isIpv6() && count < others + MOST_NETWORKS) {
                add(route.isHost() ? route.address().ipv4() : route.address().ipv4() + 1, route.toString());
            }
        }
        if (everything) {
            add(OUTSIDE, INTERNET);
        }
    }

    private void add(int address, String name) {
        addresses[count] = address;
        names[count++] = name;
    }

    /** Sends them all. */
    void begin(long now) {
        end = now + PATIENCE;
        for (int i = 0; i < count; i++) {
            traffic.ping(Echo.LEAST, 1, FIRST_NUMBER + i, addresses[i]);
        }
    }

    /** One is answered. */
    void heard(int verdict) {
        int number = Echo.sequence(verdict) - FIRST_NUMBER;
        if (number >= 0 && number < count && verdicts[number] == Echo.NONE) {
            verdicts[number] = verdict;
        }
    }

    /** Whether nothing more is to be waited for. */
    boolean isOver(long now) {
        boolean all = true;
        boolean any = others == 0;
        for (int i = 0; i < count; i++) {
            boolean answered = verdicts[i] != Echo.NONE;
            any |= i < others && answered;
            all &= i < others || answered;
        }
        return (all && any) || now - end >= 0;
    }

    /** Whom it leads to, with commas between. */
    String reached() {
        StringBuilder text = new StringBuilder();
        for (int i = others > 0 ? others - 1 : 0; i < count; i++) {
            text.append(text.isEmpty() ? "" : ", ").append(names[i]);
        }
        return text.toString();
    }

    /** Whom it does not lead to, and why; {@code null} when there is none. */
    String failure() {
        boolean any = others == 0;
        for (int i = 0; i < count && failure == null; i++) {
            boolean isClient = i < others;
            int kind = Echo.kind(verdicts[i]);
            int code = Echo.code(verdicts[i]);
            String who = Ipv4.text(addresses[i]) + (isClient ? "" : " (" + names[i] + ")");
            any |= isClient && kind != Echo.NONE;
            if (kind == Echo.UNREACHABLE && Echo.isProhibition(code)) {
                say(who + " is prohibited", CheckAdvice.PROHIBITED);
            } else if (!isClient && kind == Echo.UNREACHABLE) {
                say(who + (code == HOST_UNREACHABLE ? " is not there now" : " is unreachable"), CheckAdvice.NOT_THERE);
            } else if (!isClient && kind == Echo.NONE) {
                say(who + " does not answer, and nobody forwards", CheckAdvice.NO_FORWARDING);
            } else if (i == others - 1 && !any) {
                say(Address.ofIpv4(addresses[0]) + " and other clients: nobody answers, or says why",
                        CheckAdvice.NO_CLIENTS);
            }
        }
        return failure;
    }

    private void say(String what, String toDo) {
        failure = what;
        remedy = toDo;
    }

    /** What to do about that. */
    String remedy() {
        return remedy;
    }
}
