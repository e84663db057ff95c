package simplevpn.proxy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** One of the ways to log in that a proxy names: Basic (RFC 7617), Digest (RFC 7616), or one that nobody here knows. */
final class Challenge {
    private static final String BASIC = "Basic";
    private static final String DIGEST = "Digest";
    /** Letters of a number of uses. */
    private static final int USES = 8;

    private final String scheme;
    private String realm = "";
    private String nonce;
    private String opaque;
    /** As the proxy spells it, or {@code null}. */
    private String algorithm;
    private String qop;
    /** Whether the answer before was right, and came too late. */
    boolean stale;
    /** How often it was answered. */
    private int uses;
    /** Another one of the same field. */
    Challenge next;

    private Challenge(String scheme) {
        this.scheme = scheme;
    }

    /**
     * Reads a field, in which there may be several, with commas between them and between what each of them says.
     *
     * @return the first of them, or {@code null}
     */
    static Challenge parse(String field) {
        Challenge first = null;
        Challenge last = null;
        int at = 0;
        while (at < field.length()) {
            int end = at;
            while (end < field.length() && isOfToken(field.charAt(end))) {
                end++;
            }
            if (end == at) {
                // A blank or comma, or what has no business here.
                at++;
                continue;
            }
            String word = field.substring(at, end);
            int behind = skipBlanks(field, end);
            if (last != null && behind < field.length() && field.charAt(behind) == '=') {
                at = last.read(word, field, skipBlanks(field, behind + 1));
                continue;
            }
            Challenge found = new Challenge(word);
            if (last == null) {
                first = found;
            } else {
                last.next = found;
            }
            last = found;
            at = end;
        }
        return first;
    }

    private static boolean isOfToken(char c) {
        return c > ' ' && c != ',' && c != '=' && c != '"';
    }

    private static int skipBlanks(String field, int from) {
        int at = from;
        while (at < field.length() && (field.charAt(at) == ' ' || field.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    /** Reads a value, with quotes around it or not; returns where it ends. */
    private int read(String name, String field, int from) {
        boolean quoted = from < field.length() && field.charAt(from) == '"';
        int begin = quoted ? from + 1 : from;
        int end = begin;
        while (end < field.length() && (quoted ? field.charAt(end) != '"' : isOfToken(field.charAt(end)))) {
            // What is behind a backslash stays as it is, and so does that: it is hashed, and said again.
            end += quoted && field.charAt(end) == '\\' ? 2 : 1;
        }
        end = Math.min(end, field.length());
        set(name, field.substring(begin, end));
        return quoted ? end + 1 : end;
    }

    private void set(String name, String value) {
        if (name.equalsIgnoreCase("realm")) {
            realm = value;
        } else if (name.equalsIgnoreCase("nonce")) {
            nonce = value;
        } else if (name.equalsIgnoreCase("opaque")) {
            opaque = value;
        } else if (name.equalsIgnoreCase("algorithm")) {
            algorithm = value;
        } else if (name.equalsIgnoreCase("qop")) {
            qop = value;
        } else if (name.equalsIgnoreCase("stale")) {
            stale = value.equalsIgnoreCase("true");
        }
    }

    boolean isDigest() {
        return scheme.equalsIgnoreCase(DIGEST);
    }

    /** How good it is: 0 for one that cannot be answered here. */
    int rank() {
        if (scheme.equalsIgnoreCase(BASIC)) {
            return 1;
        }
        if (!isDigest() || nonce == null || hash() == null || (qop != null && !offersAuth())) {
            return 0;
        }
        return hash().equals("MD5") ? 2 : 3;
    }

    /** The hash function, or {@code null} for an algorithm that nobody here knows. */
    private String hash() {
        String name = algorithm == null ? "MD5" : algorithm;
        if (name.equalsIgnoreCase("MD5") || name.equalsIgnoreCase("MD5-sess")) {
            return "MD5";
        }
        return name.equalsIgnoreCase("SHA-256") || name.equalsIgnoreCase("SHA-256-sess") ? "SHA-256" : null;
    }

    /** Whether what it protects may be the request's first line alone. */
    private boolean offersAuth() {
        int at = 0;
        while (at <= qop.length()) {
            int end = qop.indexOf(',', at);
            end = end < 0 ? qop.length() : end;
            if (qop.substring(at, end).trim().equalsIgnoreCase("auth")) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }

    /**
     * The answer, as the value of a field: all its letters are bytes.
     *
     * @param target what the request is for
     */
    String answer(Proxy proxy, String target) {
        if (!isDigest()) {
            byte[] login = (proxy.user + ":" + proxy.password).getBytes(StandardCharsets.ISO_8859_1);
            return BASIC + " " + new String(Base64.getEncoder().encode(login), StandardCharsets.ISO_8859_1);
        }
        String own = proxy.draw();
        String number = Integer.toHexString(++uses);
        String padded = "0".repeat(Math.max(0, USES - number.length())) + number;
        String secret = hashed(proxy.user + ":" + realm + ":" + proxy.password);
        if (algorithm != null && algorithm.length() > hash().length()) {
            secret = hashed(secret + ":" + nonce + ":" + own);
        }
        String about = hashed("CONNECT:" + target);
        String response = hashed(secret + ":" + nonce + ":"
                + (qop == null ? "" : padded + ":" + own + ":auth:") + about);
        StringBuilder answer = new StringBuilder(DIGEST);
        answer.append(" username=\"").append(escaped(proxy.user)).append("\", realm=\"").append(realm)
                .append("\", nonce=\"").append(nonce).append("\", uri=\"").append(target)
                .append("\", response=\"").append(response).append('"');
        if (algorithm != null) {
            answer.append(", algorithm=").append(algorithm);
        }
        if (opaque != null) {
            answer.append(", opaque=\"").append(opaque).append('"');
        }
        if (qop != null) {
            answer.append(", qop=auth, nc=").append(padded);
        }
        if (qop != null || algorithm != null) {
            answer.append(", cnonce=\"").append(own).append('"');
        }
        return answer.toString();
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                escaped.append('\\');
            }
            escaped.append(c);
        }
        return escaped.toString();
    }

    private String hashed(String text) {
        try {
            byte[] hash = MessageDigest.getInstance(hash()).digest(text.getBytes(StandardCharsets.ISO_8859_1));
            StringBuilder digits = new StringBuilder(2 * hash.length);
            for (byte b : hash) {
                digits.append(Character.forDigit((b >> 4) & 15, 16)).append(Character.forDigit(b & 15, 16));
            }
            return digits.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public String toString() {
        return isDigest() ? scheme + " in a way that is not known here" : scheme;
    }
}
