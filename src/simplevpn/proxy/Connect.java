package simplevpn.proxy;

import java.nio.charset.StandardCharsets;

/** A proxy that speaks HTTP: CONNECT (RFC 9110, 9.3.6), with a password if it wants one (RFC 9110, 11.7). */
final class Connect extends Negotiation {
    /** Bytes of an answer's header, at most. */
    private static final int MOST_HEADER = 8192;
    private static final String HTTP = "HTTP/";
    /** Connections on which its questions are answered: it may say that the first answer has come too late. */
    private static final int MOST_ANSWERS = 2;
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_ALLOWED = 405;
    private static final int LOGIN_WANTED = 407;
    private static final int PORTAL = 511;

    private final Proxy proxy;
    private final String server;
    /** How often its question was answered so far. */
    private int answers;
    /** Whether the request had the password itself in it. */
    private boolean hadPassword;

    /** Bytes of this answer so far. */
    private int count;
    private final StringBuilder line = new StringBuilder();
    /** The line that says how it went, and its number, 0 as long as it has not come. */
    private String statusLine;
    private int status;
    /** The field that may go on in the next line, or {@code null}. */
    private String field;
    private String location;
    private Challenge best;
    /** The ways to log in that it has named and nobody here knows. */
    private String unknown = "";

    Connect(Proxy proxy, String host, int port) {
        this.proxy = proxy;
        server = Proxy.octets(Proxy.bracketed(host)) + ":" + port;
    }

    @Override
    public String server() {
        return shown(server);
    }

    @Override
    public byte[] begin() {
        count = 0;
        forget();
        StringBuilder request = new StringBuilder("CONNECT ").append(server).append(" HTTP/1.1\r\nHost: ")
                .append(server).append("\r\n");
        Challenge challenge = proxy.challenge;
        hadPassword = challenge != null && !challenge.isDigest();
        if (challenge != null) {
            request.append("Proxy-Authorization: ").append(challenge.answer(proxy, server)).append("\r\n");
        }
        return request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What comes is another answer. */
    private void forget() {
        line.setLength(0);
        statusLine = null;
        status = 0;
        field = null;
        location = null;
        best = null;
        unknown = "";
    }

    @Override
    public Verdict take(int octet) {
        if (++count > MOST_HEADER) {
            return failed("answers with a header of more than " + MOST_HEADER + " bytes");
        }
        if (octet != '\n') {
            line.append((char) octet);
            int length = line.length();
            if (statusLine == null && length <= HTTP.length() && HTTP.charAt(length - 1) != octet) {
                return failed("does not speak HTTP"
                        + (length == 1 && octet == 0 ? ": --proxy socks5://" + proxy + "?" : ""));
            }
            return Verdict.MORE;
        }
        int end = line.length();
        if (end > 0 && line.charAt(end - 1) == '\r') {
            line.setLength(end - 1);
        }
        // What is said again in a request must not end a line there.
        String text = line.toString().replace('\r', ' ');
        line.setLength(0);
        if (statusLine == null) {
            return status(text) ? Verdict.MORE : failed("does not speak HTTP: " + shown(text));
        }
        if (!text.isEmpty()) {
            header(text);
            return Verdict.MORE;
        }
        endField();
        return verdict();
    }

    /** {@code HTTP/1.1 200 and words}; returns whether it is that. */
    private boolean status(String text) {
        int at = text.indexOf(' ') + 1;
        boolean good = at > HTTP.length() && text.length() >= at + 3 && (text.length() == at + 3
                || text.charAt(at + 3) == ' ');
        for (int i = at; good && i < at + 3; i++) {
            int digit = text.charAt(i) - '0';
            good = digit >= 0 && digit <= 9;
            status = status * 10 + digit;
        }
        statusLine = text;
        return good && status >= 100;
    }

    /** A field, or more of the one before (RFC 9112, 5.2). */
    private void header(String text) {
        boolean goesOn = text.charAt(0) == ' ' || text.charAt(0) == '\t';
        if (goesOn) {
            field = field == null ? null : field + ' ' + text.trim();
        } else {
            endField();
            field = text;
        }
    }

    private void endField() {
        int colon = field == null ? -1 : field.indexOf(':');
        if (colon >= 0) {
            String name = field.substring(0, colon).trim();
            String value = field.substring(colon + 1).trim();
            if (name.equalsIgnoreCase("location")) {
                location = value;
            } else if (name.equalsIgnoreCase("proxy-authenticate")) {
                offer(Challenge.parse(value));
            }
        }
        field = null;
    }

    private void offer(Challenge first) {
        for (Challenge offered = first; offered != null; offered = offered.next) {
            if (offered.rank() == 0) {
                unknown += (unknown.isEmpty() ? "" : ", ") + offered;
            } else if (best == null || offered.rank() > best.rank()) {
                best = offered;
            }
        }
    }

    private Verdict verdict() {
        if (status < OK) {
            // Something before the answer itself (RFC 9110, 15.2).
            forget();
            return Verdict.MORE;
        }
        if (status < OK + 100) {
            return Verdict.DONE;
        }
        if (status == LOGIN_WANTED) {
            return login();
        }
        if (status < 400 || status == PORTAL) {
            return refused("is, or is behind, a portal that wants a login "
                    + (location == null ? "in a browser" : "at " + shown(location)) + ": it answers " + words());
        }
        if (status == UNAUTHORIZED && proxy.user != null) {
            return wrong();
        }
        String answer = "answers " + words() + " to CONNECT " + server();
        if (status == UNAUTHORIZED) {
            return refused(answer + wanted());
        }
        if (status == FORBIDDEN || status == NOT_ALLOWED) {
            return refused(answer + ": it does not allow that; many allow port 443 alone");
        }
        return failed(answer);
    }

    /** What the status line says. */
    private String words() {
        return shown(statusLine.substring(statusLine.indexOf(' ') + 1));
    }

    private Verdict login() {
        if (proxy.user == null) {
            return refused("answers " + words() + wanted());
        }
        if (best == null) {
            return refused(unknown.isEmpty() ? "wants a login and does not say of which kind"
                    : "wants a login by " + shown(unknown) + ", where this program knows Basic and Digest");
        }
        if ((hadPassword && !best.isDigest()) || answers == MOST_ANSWERS || (answers > 0 && !best.stale)) {
            return wrong();
        }
        answers++;
        proxy.challenge = best;
        return Verdict.AGAIN;
    }

    private String wanted() {
        return ": --proxy http://USER@" + proxy + " with --proxy-password FILE";
    }

    private Verdict wrong() {
        proxy.challenge = null;
        return refused("answers " + words() + ": it does not take user " + shown(proxy.user) + ", or his password");
    }
}
