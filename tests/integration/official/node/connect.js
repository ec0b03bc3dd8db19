// One connection: a gateway with a signer, and one without for what is signed elsewhere.
import * as grpc from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export async function connected(path) {
    const settings = JSON.parse(await readFile(path, 'utf8'));
    const client = new grpc.Client(settings.endpoint, await tls(settings));
    const identity = { mspId: settings.msp_id, credentials: await readFile(settings.certificate) };
    const signer = signers.newPrivateKeySigner(createPrivateKey(await readFile(settings.key)));
    const options = { client, identity, hash: hash.sha256 };
    if (settings.tls_hash_of) {
        const certificate = new X509Certificate(await readFile(settings.tls_hash_of));
        options.tlsClientCertificateHash = createHash('sha256').update(certificate.raw).digest();
    }
    return { settings, signing: connect({ ...options, signer }), offline: connect(options) };
}

async function tls(settings) {
    const roots = await readFile(settings.roots);
    if (!settings.tls_certificate) {
        return grpc.credentials.createSsl(roots);
    }
    return grpc.credentials.createSsl(
        roots,
        await readFile(settings.tls_key),
        await readFile(settings.tls_certificate),
    );
}
