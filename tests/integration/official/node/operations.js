import { checkpointers } from '@hyperledger/fabric-gateway';

const utf8 = new TextDecoder();
const patience = 15_000;
const CANCELLED = 1;

export const operations = {
    evaluate: async (session, asked) => ({
        result: utf8.decode(await proposal(session, asked).evaluate(within(asked))),
    }),

    submit: async (session, asked) => ({
        result: utf8.decode(
            await contract(session, session.signing, asked).submit(asked.function, { arguments: asked.arguments }),
        ),
    }),

    submit_async: async (session, asked) => {
        const commit = await contract(session, session.signing, asked).submitAsync(asked.function, {
            arguments: asked.arguments,
        });
        return { result: utf8.decode(commit.getResult()), ...(await statusOf(commit, asked)) };
    },

    // Every step of a transaction, each signed by whoever asks: bytes and digest go out, bytes and signature come in.

    propose: async (session, asked) => {
        const made = contract(session, session.offline, asked).newProposal(asked.function, {
            arguments: asked.arguments,
        });
        return { ...toSign(made), transaction: made.getTransactionId() };
    },

    endorse: async (session, asked) => {
        const endorsed = await session.offline.newSignedProposal(...signed(asked)).endorse();
        return { ...toSign(endorsed), result: utf8.decode(endorsed.getResult()) };
    },

    send: async (session, asked) => toSign(await session.offline.newSignedTransaction(...signed(asked)).submit()),

    status: async (session, asked) => statusOf(session.offline.newSignedCommit(...signed(asked)), asked),

    // Streams.

    events: async (session, asked) => {
        const options = { startBlock: BigInt(asked.start_block ?? 0) };
        if (asked.after_transaction) {
            options.checkpoint = checkpointers.inMemory();
            await options.checkpoint.checkpointTransaction(BigInt(asked.start_block), asked.after_transaction);
        }
        session.events = await network(session).getChaincodeEvents(session.settings.chaincode, options);
        session.iterator = session.events[Symbol.asyncIterator]();
        return {};
    },

    next: async (session, asked) => {
        const events = await take(session.iterator, asked.count);
        return {
            events: events.map((event) => ({
                block: String(event.blockNumber),
                transaction: event.transactionId,
                name: event.eventName,
                payload: utf8.decode(event.payload),
            })),
        };
    },

    cancel: async (session) => {
        session.events.close();
        try {
            while (!(await soon(session.iterator.next())).done);
        } catch (error) {
            if (error.code !== CANCELLED) {
                throw error;
            }
        }
        return { ended: true };
    },

    blocks: (session, asked) =>
        numbers(network(session).getBlockEvents(from(asked)), asked, (block) => block.getHeader().getNumber()),

    filtered: (session, asked) =>
        numbers(network(session).getFilteredBlockEvents(from(asked)), asked, (block) => block.getNumber()),

    private: (session, asked) =>
        numbers(network(session).getBlockAndPrivateDataEvents(from(asked)), asked, (block) =>
            block.getBlock().getHeader().getNumber(),
        ),
};

const network = (session) => session.signing.getNetwork(session.settings.channel);

const contract = (session, gateway, asked) =>
    gateway.getNetwork(session.settings.channel).getContract(asked.chaincode || session.settings.chaincode);

const proposal = (session, asked) =>
    contract(session, session.signing, asked).newProposal(asked.function, { arguments: asked.arguments });

const from = (asked) => ({ startBlock: BigInt(asked.start_block ?? 0) });

const toSign = (signable) => ({
    bytes: Buffer.from(signable.getBytes()).toString('base64'),
    digest: Buffer.from(signable.getDigest()).toString('base64'),
});

const signed = (asked) => [Buffer.from(asked.bytes, 'base64'), Buffer.from(asked.signature, 'base64')];

const within = (asked) => ({ deadline: Date.now() + (asked.timeout_ms || 30_000) });

async function statusOf(commit, asked) {
    const status = await commit.getStatus(within(asked));
    return {
        transaction: status.transactionId,
        code: status.code,
        block: String(status.blockNumber),
        successful: status.successful,
    };
}

async function numbers(opening, asked, number) {
    const blocks = await opening;
    try {
        const found = await take(blocks[Symbol.asyncIterator](), asked.count);
        return { blocks: found.map((block) => String(number(block))) };
    } finally {
        blocks.close();
    }
}

async function take(iterator, count) {
    const found = [];
    while (found.length < count) {
        const { value, done } = await soon(iterator.next());
        if (done) {
            throw new Error('the stream ended and did not say why');
        }
        found.push(value);
    }
    return found;
}

function soon(promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('nothing came')), patience);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
