package simplevpn.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code Crowd HOST N}: N clients that ask the server for any address and are silent from then on. Runs on a host of
 * the {@link Star}, prints "ready" when every one of them has its address, and ends with its standard input.
 */
final class Crowd {
    private static final int HEADER = 20;
    private static final int PORT = 2002;

    private Crowd() { }

    public static void main(String[] arguments) throws IOException {
        InetSocketAddress server = new InetSocketAddress(arguments[0], PORT);
        int count = Integer.parseInt(arguments[1]);
        List<SocketChannel> clients = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            SocketChannel client = SocketChannel.open(server);
            // As this project's own client asks: extended, with offload framing offered.
            client.write(ByteBuffer.allocate(HEADER).put((byte) 0x45).put((byte) 1).putShort((short) 0)
                    .putShort((short) 0x5632).rewind());
            clients.add(client);
        }
        for (SocketChannel client : clients) {
            ByteBuffer answer = ByteBuffer.allocate(HEADER);
            int n = 0;
            while (n >= 0 && answer.hasRemaining()) {
                n = client.read(answer);
            }
            if (answer.hasRemaining() || answer.getInt(16) == 0) {
                throw new IOException("a client got no address");
            }
        }
        System.out.println("ready");
        System.in.transferTo(OutputStream.nullOutputStream());
    }
}
