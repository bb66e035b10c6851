// OpenAI's Node library as a client of the proxy: node openai_client.mjs MODULES BASE_URL KEY SCENARIO
// MODULES is the folder that npm installed into. Prints what the library made of the replies as one line of JSON.
import { createRequire } from 'node:module';

const [modules, baseURL, apiKey, scenario] = process.argv.slice(2);
const { OpenAI } = createRequire(modules + '/')('openai');
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20000 });

const model = 'codex-light';
const messages = [{ role: 'user', content: 'hi' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = [{ type: 'function', name: 'weather', parameters }];
const chatTools = [{ type: 'function', function: { name: 'weather', parameters } }];

async function all(stream) {
    const events = [];
    for await (const event of stream) events.push(event);
    return events;
}

const called = (response) => response.output.find((item) => item.type === 'function_call');

const scenarios = {
    async chat_whole() {
        const answer = await client.chat.completions.create({ model, messages });
        return [answer.choices[0].message.content, answer.usage.total_tokens];
    },
    async chat_streamed() {
        const stream = await client.chat.completions.create(
            { model, messages, stream: true, stream_options: { include_usage: true } });
        const chunks = await all(stream);
        const text = chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
        return [text, chunks.at(-1).usage.total_tokens];
    },
    async chat_tools() {
        const stream = client.chat.completions.stream({ model, messages, tools: chatTools });
        const answer = await stream.finalChatCompletion();
        const [call] = answer.choices[0].message.tool_calls;
        const results = [...messages, answer.choices[0].message,
            { role: 'tool', tool_call_id: call.id, content: 'sun' }];
        const next = await client.chat.completions.create({ model, messages: results, tools: chatTools });
        return [call.function.name, call.function.arguments, next.choices[0].message.content];
    },
    async responses_whole() {
        const answer = await client.responses.create({ model, input: 'hi' });
        return [answer.output_text, answer.status, answer.usage.total_tokens];
    },
    async responses_streamed() {
        // The helper puts the response together from the events and throws on any that does not fit.
        const stream = client.responses.stream({ model, input: 'hi' });
        const events = await all(stream);
        const answer = await stream.finalResponse();
        const text = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta);
        return [text.join(''), answer.output_text, answer.usage.total_tokens];
    },
    async responses_tools() {
        const stream = client.responses.stream({ model, input: 'hi', tools });
        await all(stream);
        const call = called(await stream.finalResponse());
        const input = [...messages, call, { type: 'function_call_output', call_id: call.call_id, output: 'sun' }];
        const next = await client.responses.create({ model, input, tools });
        return [call.name, call.arguments, next.output_text];
    },
    async responses_tools_whole() {
        const call = called(await client.responses.create({ model, input: 'hi', tools }));
        return [call.name, call.arguments];
    },
    async cut() {
        try {
            await all(await client.chat.completions.create({ model, messages, stream: true }));
        } catch (error) {
            return error instanceof OpenAI.APIError;
        }
        return 'taken for whole';
    },
    async rate_limit() {
        try {
            await client.responses.create({ model, input: 'hi' });
        } catch (error) {
            return [error instanceof OpenAI.RateLimitError, error.code, error.headers.get('retry-after')];
        }
        return 'no error';
    },
    async completions() {
        return (await client.completions.create({ model, prompt: 'hi' })).choices[0].text;
    },
    async embeddings() {
        return (await client.embeddings.create({ model, input: 'hi', encoding_format: 'float' })).data[0].embedding;
    },
    async models() {
        return (await all(client.models.list())).map((entry) => entry.id);
    },
};

console.log(JSON.stringify(await scenarios[scenario]()));
