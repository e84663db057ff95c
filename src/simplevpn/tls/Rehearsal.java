package simplevpn.tls;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Random;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import simplevpn.base.Failure;

/**
 * No part of the programs: jlink/link runs it once for each image, and the VM keeps what it loads as the archive of
 * classes for programs with keys. In memory, a client and a server shake hands, anew and by going on with a session,
 * with either kind of cipher, and send each other something.
 */
public final class Rehearsal {
    private static final int SIZE = 1 << 16;

    private final ByteBuffer data = ByteBuffer.allocateDirect(SIZE);

    private Rehearsal() {
    }

    /**
     * Runs it; what fails ends it with a stack trace and status 1.
     *
     * @param classes names of further classes to load
     */
    public static void main(String[] classes) throws ReflectiveOperationException, Failure, SSLException {
        for (String name : classes) {
            Class.forName(name, false, Rehearsal.class.getClassLoader());
        }
        Key serverKey = key(1);
        Key clientKey = key(2);
        // What the programs have for it is wanted in the archive.
        new SecureRandom().nextInt();
        SecureRandom same = new Same();
        Credentials server = new Credentials(new Key[] {serverKey}, null, true, null, same);
        for (boolean aes : new boolean[] {true, false}) {
            Credentials client = new Credentials(new Key[] {clientKey}, new Pin[] {serverKey.pin()}, aes, "server",
                    same);
            for (int connection = 0; connection < 2; connection++) {
                new Rehearsal().connect(client.engine(), server.engine());
            }
        }
    }

    private static Key key(int number) throws Failure {
        byte[] seed = new byte[Key.SEED];
        seed[0] = (byte) number;
        return Key.of("rehearsal", Key.pem(seed));
    }

    /** From the first byte to both ends' last. */
    private void connect(SSLEngine client, SSLEngine server) throws SSLException {
        ByteBuffer toServer = ByteBuffer.allocate(SIZE);
        ByteBuffer toClient = ByteBuffer.allocate(SIZE);
        int received = 0;
        while (received < 2 || client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            send(client, toServer);
            received += receive(server, toServer);
            send(server, toClient);
            received += receive(client, toClient);
        }
        client.closeOutbound();
        send(client, toServer);
        receive(server, toServer);
    }

    private void send(SSLEngine engine, ByteBuffer wire) throws SSLException {
        data.position(0).limit(1);
        engine.wrap(data, wire);
    }

    /**
     * Numbers that are the same in each run: the JDK's way depends on them (a public key with a zero in front is filled
     * up), and with it what the archive says of its classes.
     */
    private static final class Same extends SecureRandom {
        private static final long serialVersionUID = 1;

        private final Random numbers = new Random(1);

        Same() {
            super(null, null);
        }

        @Override
        public void nextBytes(byte[] bytes) {
            numbers.nextBytes(bytes);
        }
    }

    /** Takes all records that there are; returns how many of them had data. */
    private int receive(SSLEngine engine, ByteBuffer wire) throws SSLException {
        int received = 0;
        wire.flip();
        int before;
        do {
            before = wire.remaining();
            received += engine.unwrap(wire, data.clear()).bytesProduced();
            for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
        } while (wire.remaining() < before);
        wire.compact();
        return received;
    }
}
