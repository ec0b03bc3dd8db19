package official;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Base64;

/** What a test asks for; which fields count depends on the operation. */
record Asked(JsonObject fields) {
    private static final int DEFAULT_TIMEOUT = 30_000;

    String text(final String name) {
        final JsonElement found = fields.get(name);
        return found == null ? "" : found.getAsString();
    }

    long number(final String name) {
        final JsonElement found = fields.get(name);
        return found == null ? 0 : found.getAsLong();
    }

    byte[] bytes(final String name) {
        return Base64.getDecoder().decode(text(name));
    }

    String[] arguments() {
        final JsonArray found = fields.getAsJsonArray("arguments");
        return found.asList().stream().map(JsonElement::getAsString).toArray(String[]::new);
    }

    long timeout() {
        final long asked = number("timeout_ms");
        return asked == 0 ? DEFAULT_TIMEOUT : asked;
    }
}
