package official;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Answers requests, one JSON object a line on standard input, with Fabric's own Java client. Its one argument is a file
 * that says where the gateway is and who asks; a test compares the answers.
 */
public final class Main {
    private static final Gson JSON = new Gson();

    private Main() {}

    public static void main(final String[] arguments) throws Exception {
        final Operations operations = new Operations(Session.open(arguments[0]));
        final BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(JSON.toJson(answer(operations, JSON.fromJson(line, JsonObject.class))));
            System.out.flush();
        }
        System.exit(0);
    }

    private static Map<String, Object> answer(final Operations operations, final JsonObject asked) {
        try {
            return operations.answer(new Asked(asked));
        } catch (Exception failure) {
            return Map.of("error", Told.of(failure));
        }
    }
}
