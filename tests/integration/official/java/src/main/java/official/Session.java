package official;

import com.google.gson.Gson;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Map;
import org.hyperledger.fabric.client.Contract;
import org.hyperledger.fabric.client.Gateway;
import org.hyperledger.fabric.client.Hash;
import org.hyperledger.fabric.client.Network;
import org.hyperledger.fabric.client.identity.Identities;
import org.hyperledger.fabric.client.identity.Signers;
import org.hyperledger.fabric.client.identity.X509Identity;

/** One connection: a gateway with a signer, and one without for what is signed elsewhere. */
record Session(Map<String, String> settings, Gateway signing, Gateway offline) {
    @SuppressWarnings("unchecked")
    static Session open(final String path) throws Exception {
        final Map<String, String> settings;
        try (Reader file = Files.newBufferedReader(Path.of(path))) {
            settings = new Gson().fromJson(file, Map.class);
        }
        final ManagedChannel channel = channel(settings);
        final X509Certificate certificate = certificate(settings.get("certificate"));
        final Gateway.Builder builder = Gateway.newInstance()
                .connection(channel)
                .hash(Hash.SHA256)
                .identity(new X509Identity(settings.get("msp_id"), certificate));
        if (!settings.get("tls_hash_of").isEmpty()) {
            final byte[] der = certificate(settings.get("tls_hash_of")).getEncoded();
            builder.tlsClientCertificateHash(MessageDigest.getInstance("SHA-256").digest(der));
        }
        final Gateway offline = builder.connect();
        try (Reader key = Files.newBufferedReader(Path.of(settings.get("key")))) {
            builder.signer(Signers.newPrivateKeySigner(Identities.readPrivateKey(key)));
        }
        return new Session(settings, builder.connect(), offline);
    }

    Network network() {
        return signing.getNetwork(settings.get("channel"));
    }

    String chaincode() {
        return settings.get("chaincode");
    }

    Contract contract(final Gateway gateway, final Asked asked) {
        final String named = asked.text("chaincode");
        return gateway.getNetwork(settings.get("channel")).getContract(named.isEmpty() ? chaincode() : named);
    }

    private static ManagedChannel channel(final Map<String, String> settings) throws Exception {
        final TlsChannelCredentials.Builder tls =
                TlsChannelCredentials.newBuilder().trustManager(new File(settings.get("roots")));
        if (!settings.get("tls_certificate").isEmpty()) {
            tls.keyManager(new File(settings.get("tls_certificate")), new File(settings.get("tls_key")));
        }
        return Grpc.newChannelBuilder(settings.get("endpoint"), tls.build()).build();
    }

    private static X509Certificate certificate(final String path) throws Exception {
        try (Reader file = Files.newBufferedReader(Path.of(path))) {
            return Identities.readX509Certificate(file);
        }
    }
}
