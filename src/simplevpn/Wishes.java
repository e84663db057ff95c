package simplevpn;

import java.util.Objects;
import simplevpn.protocol.Answer;
import simplevpn.protocol.AutoKeepalive;
import simplevpn.protocol.Keepalive;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Loop;

/**
 * What a client asks its server for behind the first answer: to be called by its name, and the times of its keepalives,
 * as {@code --keepalive} says, or as turns out to be good for the line.
 */
final class Wishes {
    private final ClientSettings settings;
    private final Loop loop;
    private final long token;
    /** What is known of networks; {@code null} where it cannot be kept. */
    private KeepaliveFile file;
    private Link link;
    private Keepalive keepalive;
    private int offered;
    private int address;
    /** Seconds that an answer may take. */
    private int patience;
    /** Finds out; {@code null} unless it is to. */
    private AutoKeepalive auto;
    private String network;
    /** The idle time that was asked for, seconds; 0 when nothing is. */
    private int wished;
    /** The idle time that was told last, seconds. */
    private int told;

    /** @param token the session token of the client's requests */
    Wishes(ClientSettings settings, Loop loop, long token) {
        this.settings = settings;
        this.loop = loop;
        this.token = token;
    }

    /** What is found out is kept there, and what is there is begun with. */
    void keepIn(KeepaliveFile known) {
        file = known;
    }

    /**
     * The server has let the client in, by that answer: it is told what the client wishes, if it can hear that.
     *
     * @param over the connection
     * @param features the feature bits offered to the server
     * @param times the deadlines of the connection, which follow when the server agrees
     * @param through the network that the connection leads through, as a word, or {@code null}
     * @param name what the client says that it is called, or {@code null}
     */
    void joined(Link over, Answer answer, int features, Keepalive times, String through, String name) {
        link = over;
        keepalive = times;
        offered = features;
        address = answer.address.ipv4();
        patience = times.patience();
        wished = 0;
        if (!answer.extended) {
            auto = null;
            if (settings.keepalive != 0) {
                tell(times.idle(), ", since this server takes no wishes");
            }
            return;
        }
        int wanted = Math.max(0, settings.keepalive);
        if (settings.keepalive == ClientSettings.AUTO) {
            if (auto == null || !Objects.equals(through, network)) {
                network = through;
                int[] known = file == null || network == null ? null : file.of(network);
                auto = known == null ? new AutoKeepalive(times.idle(), 0, 0)
                        : new AutoKeepalive(times.idle(), known[0], known[1]);
            }
            wanted = auto.wanted();
        }
        int idle = wanted == times.idle() ? 0 : wanted;
        String own = answer.name == null ? name : null;
        if (own != null || idle != 0) {
            send(own, idle);
        }
    }

    /** Asks the server once more for what is in force; nothing when it is a classic one. */
    void ask(String name) {
        if (link.framing().isClassic()) {
            return;
        }
        send(name, 0);
    }

    /** Sends a request with these wishes, or without those that are nothing. */
    private void send(String name, int idle) {
        int length = Wire.request(loop.message.bytes, Inbox.HEADROOM, offered, token, address);
        if (name != null) {
            length = Wire.wish(loop.message.bytes, Inbox.HEADROOM, name);
        }
        if (idle != 0) {
            wished = idle;
            length = Wire.wish(loop.message.bytes, Inbox.HEADROOM, idle, idle + patience);
        }
        link.sendMessage(loop.message, length, loop.now());
        keepalive.sent(loop.now());
    }

    /** The server answers anew: from now on the times hold that it says. */
    void answered(Answer answer) {
        if (!answer.extended || wished == 0 || answer.idle == 0 || answer.invalid != null) {
            return;
        }
        int idle = answer.idle;
        if (auto != null && idle != wished) {
            auto.limited(idle);
        }
        wished = 0;
        keepalive.granted(idle, Math.max(answer.timeout, Settings.MIN_TIMEOUT));
        if (auto == null) {
            tell(idle, idle == settings.keepalive ? "" : ", which is what the server allows");
        } else {
            settle();
        }
    }

    /** The last keepalive was answered. */
    void heard() {
        if (auto == null || !keepalive.isWaking()) {
            return;
        }
        auto.answered(keepalive.idle());
        keep();
        if (auto.wanted() != keepalive.idle()) {
            send(null, auto.wanted());
        } else {
            settle();
        }
    }

    /** Nothing comes over the connection any more; what was sent last, by whomever, may have found it forgotten. */
    void lost() {
        int silence = keepalive.unansweredSilence();
        if (auto != null && silence > 0) {
            auto.died(silence);
            keep();
        }
    }

    private void keep() {
        if (file != null && network != null && auto.survived() != 0) {
            file.put(network, auto.survived(), auto.failed());
        }
    }

    private void settle() {
        if (auto.isSettled() && keepalive.idle() == auto.wanted()) {
            tell(keepalive.idle(), auto.failed() != 0 ? ", since this line forgets a silent connection within "
                    + auto.failed() + " s" : ", the most that there is");
        }
    }

    /** Tells the idle time in force, unless that was told before. */
    private void tell(int idle, String why) {
        if (idle != told) {
            told = idle;
            loop.budget.logPeer("keepalive each " + idle + " s" + why + ": " + megabytes(idle)
                    + " MB a month when idle", loop.now());
        }
    }

    /** What goes over the line in a month in which nothing but keepalives does, bytes, as they are sent now. */
    long monthly() {
        return monthly(keepalive.idle());
    }

    /** A silence that this line forgets a connection within, as {@code --keepalive auto} found out, seconds; or 0. */
    int forgottenWithin() {
        return auto == null ? 0 : auto.failed();
    }

    private long monthly(int idle) {
        return AutoKeepalive.monthly(idle, link.framing().tag + Wire.HEADER, link.stream.peer().isIpv6(),
                settings.key != null);
    }

    /** What a month of it costs, 10^6 bytes with two decimals. */
    private String megabytes(int idle) {
        long hundredths = (monthly(idle) + 5_000) / 10_000;
        return hundredths / 100 + "." + hundredths / 10 % 10 + hundredths % 10;
    }
}
