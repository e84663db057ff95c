package simplevpn.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * results.svg: four panels of horizontal bars. The picture brings its own background, so that it reads the same on a
 * light and on a dark page, and only asks for fonts that every system has.
 */
final class Picture {
    private static final int WIDTH = 1080;
    private static final int PANEL = 540;
    private static final int MARGIN = 28;
    private static final int LABELS = 200;
    private static final int BARS = 140;
    private static final int LINE = 24;
    private static final int HEAD = 76;

    private static final String OURS = "#0969da";
    private static final String OURS_LIGHTER = "#6cb0f5";
    private static final String REFERENCE = "#59636e";
    private static final String OTHERS = "#b6bfc9";

    private record Bar(String label, double value, String text, String colour) { }

    private record Panel(String title, String subtitle, List<Bar> bars) {
        int height() {
            return HEAD + bars.size() * LINE;
        }
    }

    private final Results results;

    Picture(Results results) {
        this.results = results;
    }

    String svg() {
        List<Panel> panels = List.of(stream(), packets(), line(), memory());
        int upper = Math.max(panels.get(0).height(), panels.get(1).height());
        int height = upper + Math.max(panels.get(2).height(), panels.get(3).height()) + 24;
        StringBuilder svg = new StringBuilder("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" \
                font-family="-apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', \
                Helvetica, Arial, sans-serif" \
                font-size="12">
                <title>simplevpn beside other user-space tunnels</title>
                <rect x="0.5" y="0.5" width="%d" height="%d" rx="10" fill="#ffffff" stroke="#d1d9e0"/>
                """.formatted(WIDTH, height, WIDTH, height, WIDTH - 1, height - 1));
        for (int i = 0; i < panels.size(); i++) {
            draw(svg, panels.get(i), i % 2 * PANEL + MARGIN, i / 2 * upper);
        }
        return svg.append("</svg>\n").toString();
    }

    private static void draw(StringBuilder svg, Panel panel, int x, int top) {
        text(svg, x, top + 38, "start", "#1f2328", "font-size=\"16\" font-weight=\"600\"", panel.title);
        text(svg, x, top + 57, "start", "#59636e", "font-size=\"12\"", panel.subtitle);
        double largest = panel.bars.stream().mapToDouble(Bar::value).filter(Double::isFinite).max().orElse(1);
        int y = top + HEAD;
        for (Bar bar : panel.bars) {
            boolean isOurs = bar.colour.equals(OURS);
            String weight = isOurs ? "font-weight=\"600\"" : "";
            text(svg, x + LABELS - 10, y + 12, "end", "#1f2328", weight, bar.label);
            double width = Double.isFinite(bar.value) ? Math.max(1.5, bar.value / largest * BARS) : 0;
            svg.append("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" rx=\"2\" fill=\"%s\"/>%n"
                    .formatted(x + LABELS, y, width, bar.colour));
            text(svg, x + LABELS + width + 7, y + 12, "start", "#1f2328", weight, bar.text);
            y += LINE;
        }
    }

    private static void text(StringBuilder svg, double x, int y, String anchor, String colour, String more,
            String text) {
        svg.append("<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\" %s>%s</text>%n".formatted(x, y, anchor,
                colour, more, text.replace("`", "").replace("&", "&amp;").replace("<", "&lt;")));
    }

    private Panel stream() {
        double raw = results.median(Steps.STREAM, Bench.RAW, "Mbit/s");
        List<Bar> bars = new ArrayList<>();
        for (String row : STREAM_ROWS) {
            double rate = results.median(Steps.STREAM, row, "Mbit/s");
            bars.add(bar(row.replace(Steps.FORTH, ""), rate / raw, colour(row),
                    value -> "%.2f  ·  %.2f Gbit/s".formatted(value, rate / 1000)));
        }
        return new Panel("One TCP stream", "relative to the raw veth link, client to server; more is better", bars);
    }

    private static final List<String> STREAM_ROWS = streamRows();

    private static List<String> streamRows() {
        List<String> rows = new ArrayList<>(List.of(Bench.RAW, Tunnel.SIMPLEVPN.name() + Steps.FORTH,
                Tunnel.SIMPLEVPN.name() + Steps.BETWEEN, Tunnel.TLS.name() + Steps.FORTH,
                Tunnel.NO_OFFLOAD.name() + Steps.FORTH));
        Bench.PEERS.forEach(peer -> rows.add(peer.name() + Steps.FORTH));
        return List.copyOf(rows);
    }

    private Panel packets() {
        List<Bar> bars = new ArrayList<>();
        for (Results.Row row : results.rows(Steps.PACKETS)) {
            if (!row.name.equals(Bench.RAW)) {
                bars.add(bar(row.name, row.median("packets/s"), colour(row.name),
                        value -> "%,.0f / s".formatted(value)));
            }
        }
        return new Panel("Small packets", "UDP, 64 bytes of payload, under 0.1 % lost; more is better", bars);
    }

    private Panel line() {
        List<Bar> bars = new ArrayList<>();
        for (Steps.Line line : Bench.LINES) {
            for (Tunnel.Kind kind : List.of(Tunnel.NONE, Tunnel.SIMPLEVPN)) {
                String row = Bench.wanRow(kind, line);
                double ping = results.median(Steps.WAN, row, "ping p50 ms");
                bars.add(bar(row, results.median(Steps.WAN, row, "Mbit/s"), colour(kind.name()),
                        value -> "%.1f Mbit/s, ping %.0f ms".formatted(value, ping)));
            }
        }
        return new Panel("Lines of 20 Mbit/s and 40 ms, and of 1 Mbit/s and 60 ms",
                "bulk rate, and the median ping beside it", bars);
    }

    private Panel memory() {
        List<Bar> bars = new ArrayList<>();
        for (String row : STREAM_ROWS) {
            if (!row.equals(Bench.RAW) && row.endsWith(Steps.FORTH)) {
                bars.add(bar(row.replace(Steps.FORTH, ""), results.median(Steps.STREAM, row, "client MB"), colour(row),
                        value -> "%.0f MB".formatted(value)));
            }
        }
        return new Panel("Memory", "peak resident size of the client at full speed; less is better", bars);
    }

    private static Bar bar(String label, double value, String colour, DoubleFunction<String> text) {
        return new Bar(label, value, Double.isFinite(value) ? text.apply(value) : "not measured", colour);
    }

    private static String colour(String row) {
        if (row.equals(Bench.RAW) || row.equals(Tunnel.NONE.name())) {
            return REFERENCE;
        }
        String ours = Tunnel.SIMPLEVPN.name();
        return row.equals(ours) || row.equals(ours + Steps.FORTH) ? OURS : row.startsWith(ours) ? OURS_LIGHTER : OTHERS;
    }
}
