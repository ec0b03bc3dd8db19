// What the client says of an error: its kind, status, words, transaction and the peers' details.
export function told(error) {
    return {
        kind: error.name,
        code: error.code ?? -1,
        message: `${error.message} ${error.cause?.message ?? ''}`.trim(),
        transaction: error.transactionId ?? '',
        details: (Array.isArray(error.details) ? error.details : []).map(({ address, mspId, message }) => ({
            address,
            msp_id: mspId,
            message,
        })),
    };
}
