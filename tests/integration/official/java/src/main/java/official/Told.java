package official;

import java.util.List;
import java.util.Map;
import org.hyperledger.fabric.client.GatewayException;
import org.hyperledger.fabric.client.GatewayRuntimeException;
import org.hyperledger.fabric.client.TransactionException;
import org.hyperledger.fabric.protos.gateway.ErrorDetail;

/** What the client says of an error: its kind, status, words, transaction and the peers' details. */
final class Told {
    private Told() {}

    static Map<String, Object> of(final Exception failure) {
        if (failure instanceof GatewayException found) {
            final String transaction = failure instanceof TransactionException of ? of.getTransactionId() : "";
            return told(failure, found.getStatus(), found.getDetails(), transaction);
        }
        if (failure instanceof GatewayRuntimeException found) {
            return told(failure, found.getStatus(), found.getDetails(), "");
        }
        return told(failure, null, List.of(), "");
    }

    private static Map<String, Object> told(
            final Exception failure,
            final io.grpc.Status status,
            final List<ErrorDetail> details,
            final String transaction) {
        final String kind = failure.getClass().getSimpleName().replaceFirst("(Runtime)?Exception$", "Error");
        return Map.of(
                "kind", kind,
                "code", status == null ? -1 : status.getCode().value(),
                "message", failure + " " + (status == null ? "" : status.getDescription()),
                "transaction", transaction,
                "details", details.stream().map(Told::plain).toList());
    }

    private static Map<String, String> plain(final ErrorDetail detail) {
        return Map.of("address", detail.getAddress(), "msp_id", detail.getMspId(), "message", detail.getMessage());
    }
}
