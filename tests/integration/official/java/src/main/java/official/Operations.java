package official;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.grpc.CallOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.hyperledger.fabric.client.ChaincodeEvent;
import org.hyperledger.fabric.client.ChaincodeEventsRequest;
import org.hyperledger.fabric.client.CloseableIterator;
import org.hyperledger.fabric.client.Commit;
import org.hyperledger.fabric.client.Gateway;
import org.hyperledger.fabric.client.GatewayRuntimeException;
import org.hyperledger.fabric.client.InMemoryCheckpointer;
import org.hyperledger.fabric.client.Proposal;
import org.hyperledger.fabric.client.Signable;
import org.hyperledger.fabric.client.Status;
import org.hyperledger.fabric.client.SubmittedTransaction;
import org.hyperledger.fabric.client.Transaction;

/** Every operation that a test may ask for. */
final class Operations {
    private final Session session;
    private CloseableIterator<ChaincodeEvent> events;

    Operations(final Session session) {
        this.session = session;
    }

    Map<String, Object> answer(final Asked asked) throws Exception {
        return switch (asked.text("op")) {
            case "evaluate" -> Map.of("result", text(proposal(session.signing(), asked).evaluate(within(asked))));
            case "submit" -> Map.of("result", text(proposal(session.signing(), asked).endorse().submit()));
            case "submit_async" -> submitAsync(asked);
            case "propose" -> propose(asked);
            case "endorse" -> endorse(asked);
            case "send" -> toSign(session.offline()
                    .newSignedTransaction(asked.bytes("bytes"), asked.bytes("signature"))
                    .submitAsync());
            case "status" -> status(
                    session.offline().newSignedCommit(asked.bytes("bytes"), asked.bytes("signature")), asked);
            case "events" -> follow(asked);
            case "next" -> Map.of("events", take(events, asked.number("count"), Operations::plain));
            case "cancel" -> cancel();
            case "blocks" -> blocks(asked);
            case "filtered" -> filtered(asked);
            case "private" -> withPrivateData(asked);
            default -> throw new IllegalArgumentException("unknown operation " + asked.text("op"));
        };
    }

    private Proposal proposal(final Gateway gateway, final Asked asked) {
        return session.contract(gateway, asked)
                .newProposal(asked.text("function"))
                .addArguments(asked.arguments())
                .build();
    }

    private Map<String, Object> submitAsync(final Asked asked) throws Exception {
        final SubmittedTransaction commit = proposal(session.signing(), asked).endorse().submitAsync();
        final Map<String, Object> found = status(commit, asked);
        found.put("result", text(commit.getResult()));
        return found;
    }

    private Map<String, Object> propose(final Asked asked) {
        final Proposal made = proposal(session.offline(), asked);
        final Map<String, Object> found = toSign(made);
        found.put("transaction", made.getTransactionId());
        return found;
    }

    private Map<String, Object> endorse(final Asked asked) throws Exception {
        final Transaction endorsed = session.offline()
                .newSignedProposal(asked.bytes("bytes"), asked.bytes("signature"))
                .endorse();
        final Map<String, Object> found = toSign(endorsed);
        found.put("result", text(endorsed.getResult()));
        return found;
    }

    private static Map<String, Object> status(final Commit commit, final Asked asked) throws Exception {
        final Status status = commit.getStatus(within(asked));
        return new HashMap<>(Map.of(
                "transaction", status.getTransactionId(),
                "code", status.getCode().getNumber(),
                "block", Long.toUnsignedString(status.getBlockNumber()),
                "successful", status.isSuccessful()));
    }

    private Map<String, Object> follow(final Asked asked) {
        final ChaincodeEventsRequest.Builder request = session.network()
                .newChaincodeEventsRequest(session.chaincode())
                .startBlock(asked.number("start_block"));
        if (!asked.text("after_transaction").isEmpty()) {
            final InMemoryCheckpointer seen = new InMemoryCheckpointer();
            seen.checkpointTransaction(asked.number("start_block"), asked.text("after_transaction"));
            request.checkpoint(seen);
        }
        events = request.build().getEvents();
        return Map.of();
    }

    private Map<String, Object> cancel() {
        events.close();
        try {
            while (events.hasNext()) {
                events.next();
            }
        } catch (GatewayRuntimeException ended) {
            if (ended.getStatus().getCode() != io.grpc.Status.Code.CANCELLED) {
                throw ended;
            }
        }
        return Map.of("ended", true);
    }

    private Map<String, Object> blocks(final Asked asked) {
        final var request = session.network().newBlockEventsRequest().startBlock(asked.number("start_block"));
        try (var found = request.build().getEvents()) {
            return numbers(found, asked, block -> block.getHeader().getNumber());
        }
    }

    private Map<String, Object> filtered(final Asked asked) {
        final var request = session.network().newFilteredBlockEventsRequest().startBlock(asked.number("start_block"));
        try (var found = request.build().getEvents()) {
            return numbers(found, asked, block -> block.getNumber());
        }
    }

    private Map<String, Object> withPrivateData(final Asked asked) {
        final var request =
                session.network().newBlockAndPrivateDataEventsRequest().startBlock(asked.number("start_block"));
        try (var found = request.build().getEvents()) {
            return numbers(found, asked, block -> block.getBlock().getHeader().getNumber());
        }
    }

    private static <T> Map<String, Object> numbers(
            final CloseableIterator<T> blocks, final Asked asked, final Function<T, Long> number) {
        return Map.of("blocks", take(blocks, asked.number("count"), number.andThen(String::valueOf)));
    }

    private static <T, R> List<R> take(
            final CloseableIterator<T> items, final long count, final Function<T, R> plain) {
        final List<R> found = new ArrayList<>();
        while (found.size() < count) {
            found.add(plain.apply(items.next()));
        }
        return found;
    }

    private static Map<String, String> plain(final ChaincodeEvent event) {
        return Map.of(
                "block", Long.toUnsignedString(event.getBlockNumber()),
                "transaction", event.getTransactionId(),
                "name", event.getEventName(),
                "payload", text(event.getPayload()));
    }

    private static Map<String, Object> toSign(final Signable signable) {
        final Base64.Encoder base64 = Base64.getEncoder();
        return new HashMap<>(Map.of(
                "bytes", base64.encodeToString(signable.getBytes()),
                "digest", base64.encodeToString(signable.getDigest())));
    }

    private static UnaryOperator<CallOptions> within(final Asked asked) {
        return options -> options.withDeadlineAfter(asked.timeout(), MILLISECONDS);
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
