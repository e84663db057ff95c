package simplevpn.proxy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import simplevpn.proxy.Negotiation.Verdict;

/** A proxy's side of a negotiation, as a test says it. */
final class Talk {
    final Negotiation negotiation;
    /** What the client has sent on the present connection. */
    private byte[] sent;
    /** Bytes of what was said last that nobody took, since the verdict was there before. */
    int left;

    Talk(Proxy proxy, String host, int port) {
        negotiation = proxy.ask(host, port);
        sent = negotiation.begin();
    }

    /** What the client has sent since this was last asked. */
    String text() {
        String text = new String(sent, StandardCharsets.UTF_8);
        sent = new byte[0];
        return text;
    }

    /** The same as hexadecimal digits. */
    String hex() {
        String text = HexFormat.of().formatHex(sent);
        sent = new byte[0];
        return text;
    }

    /** The proxy says something, byte by byte; what came of it. */
    Verdict say(byte[] bytes) {
        Verdict verdict = Verdict.MORE;
        left = bytes.length;
        for (int i = 0; i < bytes.length && (verdict == Verdict.MORE || verdict == Verdict.SEND); i++) {
            verdict = negotiation.take(bytes[i] & 255);
            left--;
            if (verdict == Verdict.SEND) {
                sent = negotiation.output();
            } else if (verdict == Verdict.AGAIN) {
                sent = negotiation.begin();
            }
        }
        return verdict;
    }

    /** The same of lines, each of which ends as HTTP has it. */
    Verdict say(String... lines) {
        return say((String.join("\r\n", lines) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The same of hexadecimal digits. */
    Verdict sayHex(String digits) {
        return say(HexFormat.of().parseHex(digits.replace(" ", "")));
    }

    String why() {
        return negotiation.why();
    }
}
