// Answers requests, one JSON object a line on standard input, with Fabric's own Node client.
// Its one argument is a file that says where the gateway is and who asks; a test compares the answers.
import { createInterface } from 'node:readline';
import { connected } from './connect.js';
import { operations } from './operations.js';
import { told } from './told.js';

const session = await connected(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    let answer;
    try {
        answer = await operations[asked.op](session, asked);
    } catch (error) {
        answer = { error: told(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
