// Tests a client in Java (17 or newer) against an emulator whose control API is at CONTROL: `java Drive.java`.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

public class Drive {
    static final String CONTROL = System.getenv().getOrDefault("CONTROL", "http://127.0.0.1:8000");
    static final HttpClient HTTP = HttpClient.newHttpClient();

    static String send(HttpRequest.Builder request) throws Exception {
        var reply = HTTP.send(request.build(), BodyHandlers.ofString());
        if (reply.statusCode() >= 400) throw new IllegalStateException(reply.uri() + ": " + reply.body());
        return reply.body();
    }

    static String get(String url) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(url)));
    }

    static String call(String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(CONTROL + path)).header("Content-Type", "application/json");
        return send(request.POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    public static void main(String[] arguments) throws Exception {
        var boxes = Pattern.compile("http://[^\"]+").matcher(get(CONTROL + "/api/wallboxes"));
        if (!boxes.find()) throw new IllegalStateException("no wallbox");
        var goe = boxes.group(); // it comes first; with a JSON library, look for charger.goe

        call("/api/reset", "{}");
        call("/api/steps", "{\"plug_in\": {\"vehicle\": \"vw_id3\"}}");
        call("/api/clock/advance", "{\"until\": {\"power\": \"> 10 kW\"}, \"within\": \"2 min\"}");

        get(goe + "/api/set?amp=10"); // what the client under test does

        call("/api/clock/advance", "{\"by\": \"10 s\"}");
        var found = call("/api/expect", "{\"offered_current\": \"10 A\", \"goe.amp\": 10}");
        if (!found.contains("\"ok\": true")) throw new AssertionError(found);
        System.out.println("passed");
    }
}
